package role

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var (
	_ resource.ResourceWithConfigure   = (*roleMembersResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*roleMembersResource)(nil)
	_ resource.ResourceWithImportState = (*roleMembersResource)(nil)
	_ resource.ResourceWithIdentity    = (*roleMembersResource)(nil)
)

// roleMembersResource manages all members of one role.
type roleMembersResource struct{ roleBase }

// NewRoleMembersResource returns the resource mlflow_role_members.
func NewRoleMembersResource() resource.Resource { return &roleMembersResource{} }

// Metadata implements [resource.Resource].
func (r *roleMembersResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_role_members"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *roleMembersResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.NamedIdentitySchema([]string{attributeRole}, []string{framework.AttributeWorkspace})
}

// Schema implements [resource.Resource].
func (r *roleMembersResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages all members of a role of an MLflow server. The resource is authoritative: the plan shows undeclared " +
			"members, and apply removes them. Use at most one per role, and do not combine it with `mlflow_role_member`. Requires MLflow 3.13 or " +
			"newer, and a server admin or a manager of the workspace. Not supported on Databricks; use `databricks_group_member` of the " +
			"Databricks provider.\n\nDestroying the resource removes the members in the state from the role.",
		Attributes: map[string]schema.Attribute{
			"id":                         schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the members: `WORKSPACE/ROLE`."},
			framework.AttributeWorkspace: framework.WorkspaceAttribute(),
			attributeRole: schema.StringAttribute{
				Required: true, Validators: []validator.String{framework.RoleNameValidator{}},
				MarkdownDescription: "Name of the role, for example `mlflow_role.data_science.name`. Updated in place: the users are added to the " +
					"new role before they are removed from the old one.",
			},
			attributeUsers: schema.SetAttribute{
				ElementType: types.StringType, Required: true,
				Validators: []validator.Set{setvalidator.NoNullValues(), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
				MarkdownDescription: "Usernames of all members, case-sensitive. Each user must exist. An empty set removes all members. Updated in " +
					"place: users are added before others are removed. For more than 1,000 members, use `mlflow_role_member` with `for_each`, because " +
					"plans of large sets are slow.",
			},
		},
	}
}

// Read implements [resource.Resource].
func (r *roleMembersResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state roleMembersModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.UseStateWorkspace(state.Workspace)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity(r.Client()))...)
	object := r.describe(state.Role.ValueString())
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) ||
		!r.checkRoleServer(ctx, req.Private, "read members of role", object, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	role, err := d.Role(ctx, "", state.Role.ValueString())
	switch {
	case isRoleMissing(err) && state.isImported():
		resp.Diagnostics.AddError("Could not import members of role", fmt.Sprintf("%s was not found.\n\nCheck the name, which is "+
			"case-sensitive. For a role in a workspace other than the provider's, specify workspace=WORKSPACE,role=ROLE.",
			framework.UpperFirst(object)))
		return
	case isRoleMissing(err):
		resp.Diagnostics.AddWarning("Role not found, members removed from state", fmt.Sprintf("%s was deleted or renamed outside Terraform. If "+
			"the members are still in the configuration, the next apply adds them to the role again.", framework.UpperFirst(object)))
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		addRoleError(&resp.Diagnostics, "read members of role", object, err)
		return
	case role.Members == nil:
		addMembersHiddenError(&resp.Diagnostics, "read members of role", object)
		return
	}
	state.setUsers(role.Members)
	state.setID(r.Client())
	r.Provider.Run.MarkRead(r.workspaceObject(&state, &state).ID)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
}

// ImportState implements [resource.ResourceWithImportState]. It accepts the name of a role, with or without a workspace, or an identity.
func (r *roleMembersResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.importRole(ctx, req, resp, "role", attributeRole)
}
