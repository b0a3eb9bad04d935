package role

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var (
	_ resource.ResourceWithConfigure   = (*roleMemberResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*roleMemberResource)(nil)
	_ resource.ResourceWithImportState = (*roleMemberResource)(nil)
	_ resource.ResourceWithIdentity    = (*roleMemberResource)(nil)
)

// roleMemberResource manages one member of a role. Other members are unaffected.
type roleMemberResource struct{ roleBase }

// NewRoleMemberResource returns the resource mlflow_role_member.
func NewRoleMemberResource() resource.Resource { return &roleMemberResource{} }

// Metadata implements [resource.Resource].
func (r *roleMemberResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_role_member"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *roleMemberResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.NamedIdentitySchema([]string{attributeRole, attributeUser}, []string{framework.AttributeWorkspace})
}

// Schema implements [resource.Resource].
func (r *roleMemberResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages one member of a role of an MLflow server. The resource is non-authoritative: other members are " +
			"unaffected. To manage all members, use `mlflow_role_members`; do not use both for one role. Requires MLflow 3.13 or newer, and a " +
			"server admin or a manager of the workspace. Not supported on Databricks; use `databricks_group_member` of the Databricks provider.",
		Attributes: map[string]schema.Attribute{
			"id":                         schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the member: `WORKSPACE/ROLE/USER`."},
			framework.AttributeWorkspace: framework.WorkspaceAttribute(),
			attributeRole: schema.StringAttribute{
				Required: true, Validators: []validator.String{framework.RoleNameValidator{}},
				MarkdownDescription: "Name of the role, for example `mlflow_role.data_science.name`. Updated in place: the user is added to the new " +
					"role before it is removed from the old one.",
			},
			attributeUser: schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 255)},
				MarkdownDescription: "Username of the member, case-sensitive. The user must exist. Updated in place: the new user is added before " +
					"the old one is removed.",
			},
		},
	}
}

// Read implements [resource.Resource].
func (r *roleMemberResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state roleMemberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.UseStateWorkspace(state.Workspace)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity(r.Client()))...)
	object := r.object(state)
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) ||
		!r.checkRoleServer(ctx, req.Private, "read member of role", object, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	role, err := d.Role(ctx, "", state.Role.ValueString())
	member, hidden := false, false
	if err == nil {
		member, hidden, err = isMember(ctx, d, role, state.User.ValueString())
	}
	switch {
	case err != nil && !isRoleMissing(err):
		addRoleError(&resp.Diagnostics, "read member of role", object, err)
		return
	case hidden:
		addMembersHiddenError(&resp.Diagnostics, "read member of role", r.describe(state.Role.ValueString()))
		return
	case !member && state.isImported():
		resp.Diagnostics.AddError("Could not import member of role", fmt.Sprintf("%s was not found.\n\nCheck the names, which are "+
			"case-sensitive. For a role in a workspace other than the provider's, specify workspace=WORKSPACE,role=ROLE,user=USER. To add the "+
			"user to the role, remove the import block.", framework.UpperFirst(object)))
		return
	case !member:
		resp.Diagnostics.AddWarning("Member not found, removed from state", fmt.Sprintf("%s was removed from the role outside Terraform, or "+
			"the user or the role was deleted or renamed. If the member is still in the configuration, the next apply adds it again.",
			framework.UpperFirst(object)))
		resp.State.RemoveResource(ctx)
		return
	}
	state.setID(r.Client())
	r.Provider.Run.MarkRead(r.workspaceObject(&state, &state).ID)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
}

// object describes the member in messages.
func (r *roleMemberResource) object(m roleMemberModel) string {
	return fmt.Sprintf("user %q in %s", m.User.ValueString(), r.describe(m.Role.ValueString()))
}

// ImportState implements [resource.ResourceWithImportState]. It accepts a role and a user, with or without a workspace, or an identity.
func (r *roleMemberResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.importRole(ctx, req, resp, "member of a role", attributeRole, attributeUser)
}
