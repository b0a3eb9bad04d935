package server

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

var _ datasource.DataSourceWithConfigure = (*usersDataSource)(nil)

// usersDataSource lists the accounts of an MLflow server.
type usersDataSource struct{ framework.DataSourceBase }

// NewUsersDataSource returns the data source mlflow_users.
func NewUsersDataSource() datasource.DataSource { return &usersDataSource{} }

type usersDataModel struct {
	Users      []userDataModel `tfsdk:"users"`
	Incomplete types.Bool      `tfsdk:"incomplete"`
}

type userDataModel struct {
	Username string         `tfsdk:"username"`
	Admin    bool           `tfsdk:"admin"`
	Roles    []roleRefModel `tfsdk:"roles"`
}

type roleRefModel struct {
	Workspace string `tfsdk:"workspace"`
	Name      string `tfsdk:"name"`
}

// Metadata implements [datasource.DataSource].
func (d *usersDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_users"
}

// Schema implements [datasource.DataSource].
func (d *usersDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	roles := schema.ListNestedAttribute{
		Computed: true, MarkdownDescription: "Roles of which the user is a member, ordered by workspace and name. Empty before MLflow 3.13, " +
			"which introduced roles.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"workspace": schema.StringAttribute{Computed: true, MarkdownDescription: "MLflow workspace of the role, `default` on a " +
				"server without workspaces."},
			"name": schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the role."},
		}},
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the users of an MLflow server with their roles. Requires MLflow 3.11 or newer with " +
			"authentication. Not supported on Databricks; use `databricks_users` of the Databricks provider.",
		Attributes: map[string]schema.Attribute{
			"users": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "All users, ordered by username.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"username": schema.StringAttribute{Computed: true, MarkdownDescription: "Username of the account."},
					"admin":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the user is a server admin."},
					"roles":    roles,
				}},
			},
			"incomplete": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether roles can be missing, because the provider is not authenticated as a server admin. The " +
					"server then returns all users, but only the roles of the current user and the roles in workspaces that this user manages.",
			},
		},
	}
}

// Read implements [datasource.DataSource].
func (d *usersDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	client := d.ClientOrError(&resp.Diagnostics)
	if client == nil {
		return
	}
	dir := framework.Directory(client, "users", &resp.Diagnostics)
	if dir == nil {
		return
	}
	users, err := dir.Users(ctx)
	if err != nil {
		framework.AddDirectoryError(&resp.Diagnostics, "read users", client.BackendName(), err, "Before MLflow 3.13, only a server admin "+
			"can list users. On a server with MLflow workspaces, only server admins and members of the provider's workspace can list them.")
		return
	}
	caller, err := dir.Caller(ctx)
	if err != nil {
		framework.AddError(&resp.Diagnostics, "look up the current user", client.BackendName(), err, "The provider looks it up to "+
			"determine whether the list is complete.")
		return
	}
	data := usersDataModel{Users: []userDataModel{}, Incomplete: types.BoolValue(!caller.Admin)}
	for _, u := range users {
		data.Users = append(data.Users, userDataModel{Username: u.Name, Admin: u.Admin, Roles: roleRefs(u.Roles)})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

func roleRefs(roles []mlflowserver.RoleRef) []roleRefModel {
	refs := []roleRefModel{}
	for _, role := range roles {
		refs = append(refs, roleRefModel{Workspace: role.Workspace, Name: role.Name})
	}
	return refs
}
