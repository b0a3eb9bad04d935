package role

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Update implements [resource.Resource]. A change of the role is not a replacement, because a renamed role keeps its members.
func (r *roleMembersResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state roleMembersModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity(r.Client()))...)
	object := "members of " + r.describe(state.Role.ValueString())
	if !r.CheckSameWorkspace(ctx, req.Private, r.workspaceObject(&state, &plan), &resp.Diagnostics) ||
		!r.checkRoleServer(ctx, req.Private, "update members of role", object, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil || !r.setMembers(ctx, d, plan, &resp.Diagnostics) {
		return
	}
	if !plan.Role.Equal(state.Role) && !r.removeMembers(ctx, d, state, &resp.Diagnostics) {
		return
	}
	plan.setID(r.Client())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity(r.Client()))...)
}
