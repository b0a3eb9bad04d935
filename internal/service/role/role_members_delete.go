package role

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Delete implements [resource.Resource]. It removes only the members in the state.
func (r *roleMembersResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state roleMembersModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.UseStateWorkspace(state.Workspace)
	if !r.checkRoleServer(ctx, req.Private, "remove members of role", "members of "+r.describe(state.Role.ValueString()), &resp.Diagnostics) {
		return
	}
	if d := r.directory(&resp.Diagnostics); d != nil {
		r.removeMembers(ctx, d, state, &resp.Diagnostics)
	}
}
