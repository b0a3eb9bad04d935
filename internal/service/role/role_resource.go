// Package role implements the resources mlflow_role, mlflow_role_members, and mlflow_role_member, and the data source mlflow_roles: the
// roles of an MLflow server and their members.
package role

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var (
	_ resource.ResourceWithConfigure   = (*roleResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*roleResource)(nil)
	_ resource.ResourceWithImportState = (*roleResource)(nil)
	_ resource.ResourceWithIdentity    = (*roleResource)(nil)
)

// roleResource manages a role of an MLflow server and its grants.
type roleResource struct{ roleBase }

// NewRoleResource returns the resource mlflow_role.
func NewRoleResource() resource.Resource { return &roleResource{} }

// Metadata implements [resource.Resource].
func (r *roleResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_role"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *roleResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.NamedIdentitySchema([]string{attributeName}, []string{framework.AttributeWorkspace})
}

// Schema implements [resource.Resource].
func (r *roleResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a role of an MLflow server and its grants. Requires MLflow 3.13 or newer with authentication. Not " +
			"supported on Databricks; use `databricks_group` of the Databricks provider.\n\nTo manage the members of the role, use " +
			"`mlflow_role_members` or `mlflow_role_member`. To grant access to a single experiment, use `mlflow_experiment_permissions`.",
		Attributes: map[string]schema.Attribute{
			"id":                         schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the role: `WORKSPACE/NAME`."},
			framework.AttributeWorkspace: framework.WorkspaceAttribute(),
			attributeName: schema.StringAttribute{
				Required: true, Validators: []validator.String{framework.RoleNameValidator{}},
				MarkdownDescription: "Name of the role, case-sensitive and unique in its workspace, at most 255 characters. Changing it renames the " +
					"role in place and keeps its grants and members.",
			},
			"description": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtMost(1024)},
				MarkdownDescription: "Description of the role, at most 1,024 characters. Updated in place; removing it clears it. An empty string " +
					"is the same as null.",
			},
			"grants": schema.MapAttribute{
				ElementType: types.StringType, Optional: true, Validators: []validator.Map{grantsValidator{}},
				MarkdownDescription: "Map of `\"TYPE/PATTERN\"` to permission level. The pattern is `*` for all objects of the type in the " +
					"workspace, or one object: the ID of an `experiment`, the name of a `registered_model` or `prompt`, `EXPERIMENT_ID/NAME` of a " +
					"`scorer`, or the ID of a `gateway_secret`, `gateway_endpoint`, `gateway_model_definition`, or `mcp_server`. The types `workspace`, " +
					"`run`, `trace`, `assessment`, `logged_model`, `review_queue`, `registered_model_version`, `prompt_version`, `scorer_version`, and " +
					"`mcp_server_version` support only `*`. Levels: `READ`, `USE`, `EDIT`, `MANAGE`, and, on MLflow 3.17 and newer, `DENY`, which " +
					"overrides the others; `workspace/*` supports only `USE` (members) and `MANAGE` (managers). Authoritative for all grants with `*` " +
					"and for the declared grants on single objects; other grants on single objects are unmanaged. Updated in place: grants are added " +
					"before others are removed. An entry with a null level is ignored.",
			},
			"adopt_existing": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Adopt a role that already has this name instead of failing, for example the role `admin` or `user` of a new " +
					"workspace. Its description and grants are set to the declared values; its members are unchanged. Used only on create. " +
					"Defaults to `false`.",
			},
		},
	}
}

// Read implements [resource.Resource]. The roles of a workspace are read with two requests, which all resources of a run share.
func (r *roleResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state roleModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.UseStateWorkspace(state.Workspace)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity(r.Client()))...)
	object := state.object(r.Client())
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) ||
		!r.checkRoleServer(ctx, req.Private, "read role", object, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	role, err := d.Role(ctx, "", state.Name.ValueString())
	switch {
	case isRoleMissing(err) && state.isImported():
		resp.Diagnostics.AddError("Could not import role", fmt.Sprintf("%s was not found.\n\nCheck the name, which is case-sensitive. For a "+
			"role in a workspace other than the provider's, specify workspace=WORKSPACE,name=NAME. To create the role, remove the import block.",
			framework.UpperFirst(object)))
		return
	case isRoleMissing(err):
		resp.Diagnostics.AddWarning("Role not found, removed from state", fmt.Sprintf("%s was deleted or renamed outside Terraform. If it is "+
			"still in the configuration, the next apply creates a new role, without the members and the grants on single objects of the old "+
			"one.\n\nIf it was renamed, rename it back, or change the name in the configuration and import the role by its new name.",
			framework.UpperFirst(object)))
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		addRoleError(&resp.Diagnostics, "read role", object, err)
		return
	}
	r.lock(role.Name).MarkRead()
	r.Provider.Run.MarkRead(r.workspaceObject(&state, &state).ID)
	state.refresh(r.Client(), role)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
}

// ImportState implements [resource.ResourceWithImportState]. It accepts a name, with or without a workspace, or an identity.
func (r *roleResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.importRole(ctx, req, resp, "role", attributeName)
}
