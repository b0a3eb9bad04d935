package role

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// ModifyPlan implements [resource.ResourceWithModifyPlan].
func (r *roleMemberResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan *roleMemberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan == nil {
		r.UseStateWorkspace(state.Workspace)
		r.planRemoval(ctx, req.Private, *state, &resp.Diagnostics)
		return
	}
	moves := r.PlanWorkspace(ctx, req, r.workspaceObject(state, plan), resp)
	if resp.Diagnostics.HasError() || r.Client() == nil {
		return
	}
	plan.setID(r.Provider.Client)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	d := r.directory(&resp.Diagnostics)
	known := !plan.Role.IsUnknown() && !plan.User.IsUnknown()
	if d != nil && known && !moves {
		r.checkPlannedMembers(plan.Role.ValueString(), plan.User.ValueString(), state != nil, &resp.Diagnostics)
	}
	if d != nil && state == nil {
		checkRolesSupported(ctx, d, &resp.Diagnostics)
	}
	switch {
	case d == nil || state == nil || resp.Diagnostics.HasError():
	case moves:
		r.planRemoval(ctx, req.Private, *state, &resp.Diagnostics)
	case known && !plan.sameMember(state) && !r.lock(state.Role.ValueString()).IsRenamed():
		r.planRemoval(ctx, req.Private, *state, &resp.Diagnostics)
	}
}

// checkRolesSupported reports whether the server has roles, as an error. Other failures are left to apply.
func checkRolesSupported(ctx context.Context, d *mlflowserver.Directory, diags *diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	if _, err := d.Roles(ctx, ""); framework.IsUnsupported(err) {
		framework.AddUnsupportedError(diags, "roles", err)
	}
}

// planRemoval rejects the removal of the only membership through which the current user manages the workspace.
func (r *roleMemberResource) planRemoval(
	ctx context.Context, private framework.PrivateState, state roleMemberModel, diags *diag.Diagnostics,
) {
	if r.Client() == nil || !r.checkRoleServer(ctx, private, "remove member from role", r.object(state), diags) {
		return
	}
	if d := r.directory(diags); d != nil {
		r.checkOwnMembership(ctx, d, state.Role.ValueString(), path.Root(attributeUser), state.isRemoved, diags)
	}
}

// isRemoved reports whether a user is the member that is removed.
func (m *roleMemberModel) isRemoved(user string) bool { return m.User.ValueString() == user }

// workspaceObject returns the member with its workspace; the state can be nil.
func (r *roleMemberResource) workspaceObject(state, plan *roleMemberModel) framework.WorkspaceObject {
	if state == nil {
		return framework.WorkspaceObject{Plan: plan.Workspace}
	}
	return newWorkspaceObject("member", fmt.Sprintf("user %q in %s", state.User.ValueString(), describeRole(state.Workspace.ValueString(),
		state.Role.ValueString())), state.ID, state.Workspace, plan.Workspace)
}
