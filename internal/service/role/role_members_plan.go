package role

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// ModifyPlan implements [resource.ResourceWithModifyPlan].
func (r *roleMembersResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan *roleMembersModel
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
	if d != nil && !moves && !plan.Role.IsUnknown() {
		r.checkPlannedMembers(plan.Role.ValueString(), "", state != nil, &resp.Diagnostics)
		r.planMembers(ctx, d, state, *plan, &resp.Diagnostics)
	}
	switch {
	case d == nil || state == nil || resp.Diagnostics.HasError():
	case moves:
		r.planRemoval(ctx, req.Private, *state, &resp.Diagnostics)
	case !plan.Role.IsUnknown() && !plan.Role.Equal(state.Role) && !r.lock(state.Role.ValueString()).IsRenamed():
		r.planRemoval(ctx, req.Private, *state, &resp.Diagnostics)
	}
}

// planMembers warns of members that a new list removes, which its plan does not show, and rejects a list that locks out the current user.
func (r *roleMembersResource) planMembers(
	ctx context.Context, d *mlflowserver.Directory, state *roleMembersModel, plan roleMembersModel, diags *diag.Diagnostics,
) {
	isNew := state == nil || !state.Role.Equal(plan.Role)
	if !plan.isKnown() || !isNew && state.Users.Equal(plan.Users) {
		return
	}
	lookup, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	role, err := d.Role(lookup, "", plan.Role.ValueString())
	if framework.IsUnsupported(err) {
		framework.AddUnsupportedError(diags, "roles", err)
	}
	if err != nil { // left to apply: the configuration may create the role
		return
	}
	declared := plan.users()
	var removed []string
	for _, member := range role.Members {
		if !slices.Contains(declared, member) {
			removed = append(removed, member)
		}
	}
	isRemoved := func(user string) bool { return slices.Contains(removed, user) }
	if !r.checkOwnMembership(ctx, d, role.Name, path.Root(attributeUsers), isRemoved, diags) || !isNew || len(removed) == 0 {
		return
	}
	diags.AddAttributeWarning(path.Root(attributeUsers), "Undeclared members will be removed", fmt.Sprintf("%s has members that are not in "+
		"the configuration. Apply removes them:\n  - %s\n\nDeclare the members to keep.", framework.UpperFirst(r.describe(role.Name)),
		strings.Join(removed, "\n  - ")))
}

// planRemoval rejects the removal of the only membership through which the current user manages the workspace.
func (r *roleMembersResource) planRemoval(
	ctx context.Context, private framework.PrivateState, state roleMembersModel, diags *diag.Diagnostics,
) {
	if r.Client() == nil || !r.checkRoleServer(ctx, private, "remove members of role", r.describe(state.Role.ValueString()), diags) {
		return
	}
	if d := r.directory(diags); d != nil {
		isRemoved := func(user string) bool { return slices.Contains(state.users(), user) }
		r.checkOwnMembership(ctx, d, state.Role.ValueString(), path.Root(attributeUsers), isRemoved, diags)
	}
}

// workspaceObject returns the members with their workspace; the state can be nil.
func (r *roleMembersResource) workspaceObject(state, plan *roleMembersModel) framework.WorkspaceObject {
	if state == nil {
		return framework.WorkspaceObject{Plan: plan.Workspace}
	}
	return newWorkspaceObject("members", "members of "+describeRole(state.Workspace.ValueString(), state.Role.ValueString()), state.ID,
		state.Workspace, plan.Workspace)
}
