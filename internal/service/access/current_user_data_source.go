// Package access contains the resources, data sources, and list resources for the permissions of experiments and folders, and the data
// sources for permission levels and the current user.
package access

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var _ datasource.DataSourceWithConfigure = (*currentUserDataSource)(nil)

// currentUserDataSource returns the identity that the provider is authenticated as.
type currentUserDataSource struct{ framework.DataSourceBase }

type currentUserModel struct {
	Name        types.String `tfsdk:"name"`
	Kind        types.String `tfsdk:"kind"`
	ID          types.String `tfsdk:"id"`
	DisplayName types.String `tfsdk:"display_name"`
	Groups      []string     `tfsdk:"groups"`
	Home        types.String `tfsdk:"home"`
	Workspace   types.String `tfsdk:"workspace"`
}

// NewCurrentUserDataSource returns the data source mlflow_current_user.
func NewCurrentUserDataSource() datasource.DataSource { return &currentUserDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *currentUserDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_current_user"
}

// Schema implements [datasource.DataSource].
func (d *currentUserDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the user or service principal that the provider is authenticated as.",
		Attributes: map[string]schema.Attribute{
			"name":         text("Name, as used in permissions: email or username of a user, or application ID of a service principal."),
			"kind":         text("Kind of principal: `user` or `service_principal`. Always `user` on an MLflow server."),
			"id":           text("ID of the user or service principal on the server."),
			"display_name": text("Display name. Null if the server has none."),
			"groups": schema.ListAttribute{
				ElementType: types.StringType, Computed: true,
				MarkdownDescription: "Groups of the current user, in alphabetical order. On an MLflow server, the roles in `workspace` " +
					"that have at least one grant.",
			},
			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
			"home": text("Home folder, for example `/Users/ana@example.com`, without a trailing slash. Null on an MLflow server, which " +
				"has no folders."),
		},
	}
}

// Read implements [datasource.DataSource].
func (d *currentUserDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config currentUserModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	client := d.ClientIn(ctx, config.Workspace, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	caller, err := client.Caller(ctx)
	if err != nil {
		framework.AddError(&resp.Diagnostics, "read the current user", client.BackendName(), err)
		return
	}
	groups := append([]string{}, caller.Groups...)
	slices.Sort(groups)
	resp.Diagnostics.Append(resp.State.Set(ctx, currentUserModel{
		Name: types.StringValue(caller.Principal.Name), Kind: types.StringValue(string(caller.Principal.Kind)),
		ID:          framework.OrNull(caller.ID),
		DisplayName: framework.OrNull(caller.DisplayName), Groups: slices.Compact(groups), Home: framework.OrNull(caller.Home),
		Workspace: config.Workspace,
	})...)
}
