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
		r.planRelease(ctx, req.Private, *state, &resp.Diagnostics)
		return
	}
	moves := r.PlanWorkspace(ctx, req, r.placed(state, plan), resp)
	if resp.Diagnostics.HasError() || r.Client() == nil {
		return
	}
	plan.setID(r.Provider.Client)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	d := r.directory(&resp.Diagnostics)
	if d != nil && !moves && !plan.Role.IsUnknown() {
		r.checkPlannedMembers(plan.Role.ValueString(), "", state != nil, &resp.Diagnostics)
		r.planWrite(ctx, d, state, *plan, &resp.Diagnostics)
	}
	switch {
	case d == nil || state == nil || resp.Diagnostics.HasError():
	case moves:
		r.planRelease(ctx, req.Private, *state, &resp.Diagnostics)
	case !plan.Role.IsUnknown() && !plan.Role.Equal(state.Role) && !r.lock(state.Role.ValueString()).IsRenamed():
		r.planRelease(ctx, req.Private, *state, &resp.Diagnostics)
	}
}

// planWrite warns of the members that a new list removes, which its plan cannot show, and refuses a list that locks the current user out.
func (r *roleMembersResource) planWrite(
	ctx context.Context, d *mlflowserver.Directory, state *roleMembersModel, plan roleMembersModel, diags *diag.Diagnostics,
) {
	isNew := state == nil || !state.Role.Equal(plan.Role)
	if !plan.isKnown() || !isNew && state.Users.Equal(plan.Users) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	role, err := d.Role(ctx, "", plan.Role.ValueString())
	if framework.IsUnsupported(err) {
		framework.AddUnsupportedError(diags, "roles", err)
	}
	if err != nil { // apply reports what is still wrong then: the configuration may create the role
		return
	}
	declared := plan.users()
	var leaving []string
	for _, member := range role.Members {
		if !slices.Contains(declared, member) {
			leaving = append(leaving, member)
		}
	}
	leaves := func(user string) bool { return slices.Contains(leaving, user) }
	if !r.keepsMembership(ctx, d, role.Name, path.Root(attributeUsers), leaves, diags) || !isNew || len(leaving) == 0 {
		return
	}
	diags.AddAttributeWarning(path.Root(attributeUsers), "Undeclared members will be removed", fmt.Sprintf("%s has members that are not in "+
		"the configuration. Apply removes them:\n  - %s\n\nDeclare the members to keep.", framework.UpperFirst(r.describe(role.Name)),
		strings.Join(leaving, "\n  - ")))
}

// planRelease refuses to remove the membership that lets the current user remove it.
func (r *roleMembersResource) planRelease(
	ctx context.Context, private framework.PrivateState, state roleMembersModel, diags *diag.Diagnostics,
) {
	if r.Client() == nil || !r.checkRoleServer(ctx, private, "remove members of role", r.describe(state.Role.ValueString()), diags) {
		return
	}
	if d := r.directory(diags); d != nil {
		leaves := func(user string) bool { return slices.Contains(state.users(), user) }
		r.keepsMembership(ctx, d, state.Role.ValueString(), path.Root(attributeUsers), leaves, diags)
	}
}

// placed is the object with its workspace; the state may be nil.
func (r *roleMembersResource) placed(state, plan *roleMembersModel) framework.WorkspaceObject {
	if state == nil {
		return framework.WorkspaceObject{Plan: plan.Workspace}
	}
	return r.placedAs("members", "members of "+describeRole(state.Workspace.ValueString(), state.Role.ValueString()), state.ID,
		state.Workspace, plan.Workspace)
}
