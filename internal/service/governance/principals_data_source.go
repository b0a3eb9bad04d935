package governance

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var (
	_ datasource.DataSourceWithConfigure        = (*principalsDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*principalsDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig   = (*principalsDataSource)(nil)
)

// principalsDataSource returns the principals in the directory of the server, and the members of groups.
type principalsDataSource struct{ framework.DataSourceBase }

// NewPrincipalsDataSource returns the data source mlflow_principals.
func NewPrincipalsDataSource() datasource.DataSource { return &principalsDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *principalsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_principals"
}

// grantPrincipalType is the type of the elements of grants.
var grantPrincipalType = types.ObjectType{AttrTypes: map[string]attr.Type{"kind": types.StringType, "principal": types.StringType}}

// Schema implements [datasource.DataSource].
func (d *principalsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text, list := computedText, computedList
	flag := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
	}
	texts := func(description string) schema.ListAttribute {
		return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	names := func(description string) schema.ListAttribute {
		return schema.ListAttribute{
			Optional: true, ElementType: types.StringType, MarkdownDescription: description,
			Validators: []validator.List{listvalidator.NoNullValues(), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
		}
	}
	const kinds = "`user`, `group`, or `service_principal`."
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks up principals in the directory of the server: whether each one exists and is active, and the members " +
			"of groups, including those of nested groups. Use it with `mlflow_permission_review` to find grants to users who left, and " +
			"to resolve groups to users. At least one of `grants`, `users`, `groups`, and `service_principals` must be set. On an MLflow " +
			"server, groups are roles (MLflow 3.13 and newer).",
		Attributes: map[string]schema.Attribute{
			"grants": schema.ListAttribute{
				Optional: true, ElementType: grantPrincipalType, Validators: []validator.List{listvalidator.NoNullValues()},
				MarkdownDescription: "Grants whose principals to look up, usually the `grants` of an `mlflow_permission_review`. Of each " +
					"grant, only `kind` (`user`, `group`, or `service_principal`) and `principal` (its name) are used. Duplicates are " +
					"allowed.",
			},
			"users": names("Users to look up, by email, or by username on an MLflow server."),
			"groups": names("Groups to look up, by case-sensitive display name, with their members. On an MLflow " +
				"server, roles of the MLflow workspace."),
			"service_principals":         names("Service principals to look up, by application ID. An MLflow server has none."),
			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
			"principals": list("The principals to look up, and all members of the groups among them, each once, by kind and name. "+
				"Principals that could not be read are in `incomplete` instead.", map[string]schema.Attribute{
				"kind": text("Kind of the principal: " + kinds),
				"name": text("Email, username, group name, or application ID, spelled as in the arguments, or as on the server if it " +
					"is not in them."),
				"exists": flag("Whether the principal exists. A grant to a deleted user can remain on an experiment."),
				"active": flag("Whether the principal exists and is active. Always `true` for existing groups and for existing users of " +
					"an MLflow server, which cannot be deactivated."),
				"display_name": text("Display name. Null if the server does not return one."),
				"external_id":  text("ID of the principal in the identity provider. Null if the server does not return one."),
				"admin": flag("Whether the user is a server admin of the MLflow server, with full access. Always `false` on " +
					"Databricks, where the workspace admins are the members of the group `admins`."),
			}),
			"members": list("The direct and nested members of the groups to look up, by group, kind, and name. Nested groups are "+
				"members, too. Each member is listed once per group, and no group is a member of itself.", map[string]schema.Attribute{
				"group": text("Name of the group."),
				"kind":  text("Kind of the member: " + kinds),
				"name":  text("Name of the member, as in `principals`."),
				"via": texts("Nested groups between `group` and the member on a shortest path, outermost first. Empty for a direct " +
					"member."),
			}),
			"everybody": texts("Groups in `principals` that contain all users and whose members are not read, by name: on Databricks, " +
				"`users` (all users of the workspace) and `account users` (all users of the account)."),
			"incomplete": list("Principals that could not be read completely, by kind and name. Empty if the other attributes are "+
				"complete.", map[string]schema.Attribute{
				"kind": text("Kind of the principal: " + kinds),
				"name": text("Name of the principal. A group that is also in `principals` exists, but its members are not all in " +
					"`members`. Any other principal is missing from `principals`, because the provider could not determine whether it " +
					"exists."),
				"reason": text("Reason, with the response of the server."),
			}),
		},
	}
}

// ConfigValidators implements [datasource.DataSourceWithConfigValidators].
func (d *principalsDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.AtLeastOneOf(
		path.MatchRoot("grants"), path.MatchRoot("users"), path.MatchRoot("groups"), path.MatchRoot("service_principals"),
	)}
}

// ValidateConfig rejects grants without a kind or a name.
func (d *principalsDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	var config principalsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	granted, diags := config.grantPrincipals(ctx)
	resp.Diagnostics.Append(diags...)
	for _, g := range granted {
		if problem := g.invalidReason(); problem != "" {
			resp.Diagnostics.AddAttributeError(path.Root("grants"), "Invalid grant", fmt.Sprintf("%s\n\nUse the grants of an "+
				"mlflow_permission_review, or objects such as { kind = \"user\", principal = \"ana@example.com\" }.", problem))
			return
		}
	}
}

// Read implements [datasource.DataSource].
func (d *principalsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model principalsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.ClientIn(ctx, model.Workspace, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted, diags := model.requested(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := client.Principals(ctx, wanted)
	if err != nil {
		framework.AddError(&resp.Diagnostics, "read principals", client.BackendName(), err)
		return
	}
	model.setPrincipals(found)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}
