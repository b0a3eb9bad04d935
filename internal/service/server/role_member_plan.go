package server

import (
	"context"

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
		if r.UseWorkspace(state.Workspace, &resp.Diagnostics) {
			r.planRevoke(ctx, req.Private, *state, &resp.Diagnostics)
		}
		return
	}
	if !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) || r.Client() == nil {
		return
	}
	plan.setID(r.Client())
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	d := r.directory(&resp.Diagnostics)
	known := !plan.Role.IsUnknown() && !plan.User.IsUnknown()
	moves := state != nil && r.MovesWorkspace(ctx, req.Private, state.Workspace, plan.Workspace)
	if d != nil && known && !moves {
		r.checkPlannedMembers(plan.Role.ValueString(), plan.User.ValueString(), state != nil, &resp.Diagnostics)
	}
	if d != nil && state == nil {
		checkRolesSupported(ctx, d, &resp.Diagnostics)
	}
	switch {
	case d == nil || state == nil || resp.Diagnostics.HasError():
	case moves:
		if r.PlanWorkspace(ctx, req, placed(r.object(*state), state.ID, state.Workspace, plan.Workspace), resp) {
			r.planRevoke(ctx, req.Private, *state, &resp.Diagnostics)
		}
	case known && !plan.sameMember(state) && !r.lock(state.Role.ValueString()).IsRenamed():
		r.planRevoke(ctx, req.Private, *state, &resp.Diagnostics)
	}
}

// checkRolesSupported reports that the server has no roles. Any other problem is left to apply.
func checkRolesSupported(ctx context.Context, d *mlflowserver.Directory, diags *diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	if _, err := d.Roles(ctx, ""); isUnsupported(err) {
		addUnsupportedError(diags, "roles", err)
	}
}

// planRevoke refuses to remove the membership that lets the current user remove it.
func (r *roleMemberResource) planRevoke(
	ctx context.Context, private framework.PrivateState, state roleMemberModel, diags *diag.Diagnostics,
) {
	if r.Client() == nil || !r.checkRoleServer(ctx, private, "remove member from role", r.object(state), diags) {
		return
	}
	if d := r.directory(diags); d != nil {
		r.keepsMembership(ctx, d, state.Role.ValueString(), path.Root(attributeUser), state.leaves, diags)
	}
}

// leaves reports whether a user is the one of a state.
func (m *roleMemberModel) leaves(user string) bool { return m.User.ValueString() == user }
