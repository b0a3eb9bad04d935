package role

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Update implements [resource.Resource]. It adds the new member before it removes the old one.
func (r *roleMemberResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state roleMemberModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity(r.Client()))...)
	object := r.object(state)
	if !r.CheckSameWorkspace(ctx, req.Private, r.workspaceObject(&state, &plan), &resp.Diagnostics) ||
		!r.checkRoleServer(ctx, req.Private, "update member of role", object, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil || !r.addMember(ctx, d, plan, &resp.Diagnostics) {
		return
	}
	if !plan.sameMember(&state) && !r.removeMember(ctx, d, state, &resp.Diagnostics) {
		return // the state keeps the old member, which the next apply removes
	}
	plan.setID(r.Client())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity(r.Client()))...)
}
