package role

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

var _ datasource.DataSourceWithConfigure = (*rolesDataSource)(nil)

// rolesDataSource lists the roles of a workspace.
type rolesDataSource struct{ framework.DataSourceBase }

// NewRolesDataSource returns the data source mlflow_roles.
func NewRolesDataSource() datasource.DataSource { return &rolesDataSource{} }

type rolesDataModel struct {
	Workspace types.String    `tfsdk:"workspace"`
	Roles     []roleDataModel `tfsdk:"roles"`
}

type roleDataModel struct {
	Workspace   string            `tfsdk:"workspace"`
	Name        string            `tfsdk:"name"`
	Description types.String      `tfsdk:"description"`
	Grants      map[string]string `tfsdk:"grants"`
	Members     []string          `tfsdk:"members"`
}

// Metadata implements [datasource.DataSource].
func (d *rolesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_roles"
}

// Schema implements [datasource.DataSource].
func (d *rolesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the roles of an MLflow workspace, with their grants and members. Requires MLflow 3.13 or newer and " +
			"access to the workspace; only server admins and managers of the workspace can read the members. Not supported on Databricks; use " +
			"`databricks_group` of the Databricks provider.",
		Attributes: map[string]schema.Attribute{
			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
			"roles": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "Roles, ordered by name. Empty if the workspace has no roles. The hidden roles in which the server stores the " +
					"direct grants of users are not included.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					framework.AttributeWorkspace: schema.StringAttribute{Computed: true, MarkdownDescription: "MLflow workspace of the role."},
					attributeName:                schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the role."},
					"description": schema.StringAttribute{Computed: true,
						MarkdownDescription: "Description of the role. Null if it is empty."},
					"grants": schema.MapAttribute{
						ElementType: types.StringType, Computed: true,
						MarkdownDescription: "All grants of the role, including those on single experiments, as `\"TYPE/PATTERN\"` to permission level.",
					},
					"members": schema.ListAttribute{
						ElementType: types.StringType, Computed: true,
						MarkdownDescription: "Usernames of the members, in alphabetical order. Null if the current user cannot read all members.",
					},
				}},
			},
		},
	}
}

// Read implements [datasource.DataSource].
func (d *rolesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data rolesDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := d.ClientIn(ctx, data.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	directory := framework.Directory(client, "roles", &resp.Diagnostics)
	if directory == nil {
		return
	}
	roles, err := directory.Roles(ctx, "")
	if err != nil {
		addRoleError(&resp.Diagnostics, "read roles", rolesObject(client), err)
		return
	}
	data.setRoles(roles)
	if len(roles) > 0 && roles[0].Members == nil {
		resp.Diagnostics.AddWarning("Members not returned", fmt.Sprintf("%s: the server does not return all members to the current user, so "+
			"members is null.\n\nTo read the members, authenticate as a server admin or as a manager of the workspace.",
			framework.UpperFirst(rolesObject(client))))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// rolesObject describes the roles of a workspace in messages.
func rolesObject(client *mlflow.Client) string {
	return fmt.Sprintf("roles of workspace %q", client.MLflowWorkspace())
}

// setRoles sets the roles to return.
func (m *rolesDataModel) setRoles(roles []mlflowserver.Role) {
	m.Roles = []roleDataModel{}
	for _, role := range roles {
		one := roleDataModel{
			Workspace: role.Workspace, Name: role.Name, Description: framework.OrNull(role.Description), Grants: map[string]string{},
			Members: role.Members,
		}
		for _, g := range role.Grants {
			one.Grants[grantKey(g)] = g.Level
		}
		m.Roles = append(m.Roles, one)
	}
}
