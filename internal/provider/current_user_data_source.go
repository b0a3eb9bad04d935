package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*currentUserDataSource)(nil)

// currentUserDataSource tells who the provider runs as.
type currentUserDataSource struct{ dataSourceBase }

type currentUserModel struct {
	Name        types.String `tfsdk:"name"`
	Kind        types.String `tfsdk:"kind"`
	ID          types.String `tfsdk:"id"`
	DisplayName types.String `tfsdk:"display_name"`
	Groups      []string     `tfsdk:"groups"`
	Home        types.String `tfsdk:"home"`
}

func newCurrentUserDataSource() datasource.DataSource { return &currentUserDataSource{} }

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
		MarkdownDescription: "Who the provider runs as: the user or service principal that the credentials belong to.",
		Attributes: map[string]schema.Attribute{
			"name":         text("The user's e-mail address or name, or the service principal's application id, as permissions name it."),
			"kind":         text("`user` or `service_principal`. Always `user` on an MLflow server."),
			"id":           text("Id of the user or service principal in the directory of the server."),
			"display_name": text("Name to show to people. Null where the server has none."),
			"groups": schema.ListAttribute{
				ElementType: types.StringType, Computed: true,
				MarkdownDescription: "Groups that the caller is a member of, in alphabetical order. On an MLflow server these are the roles that hold some grant.",
			},
			"home": text("The caller's folder, such as `/Users/ana@example.com`, without a trailing slash. Null on an MLflow server, which has no folders."),
		},
	}
}

// Read implements [datasource.DataSource].
func (d *currentUserDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	client := d.ready(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	caller, err := client.Caller(ctx)
	if err != nil {
		addError(&resp.Diagnostics, "read the current user", client.BackendName(), err)
		return
	}
	groups := append([]string{}, caller.Groups...)
	slices.Sort(groups)
	resp.Diagnostics.Append(resp.State.Set(ctx, currentUserModel{
		Name: types.StringValue(caller.Principal.Name), Kind: types.StringValue(string(caller.Principal.Kind)), ID: orNull(caller.ID),
		DisplayName: orNull(caller.DisplayName), Groups: slices.Compact(groups), Home: orNull(caller.Home),
	})...)
}
