package role

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Delete implements [resource.Resource].
func (r *roleMemberResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state roleMemberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.UseStateWorkspace(state.Workspace)
	if !r.checkRoleServer(ctx, req.Private, "remove member from role", r.object(state), &resp.Diagnostics) {
		return
	}
	if d := r.directory(&resp.Diagnostics); d != nil {
		r.removeMember(ctx, d, state, &resp.Diagnostics)
	}
}

// removeMember removes the user of a state from the role, unless another resource of this run declares the member or all members.
func (r *roleMemberResource) removeMember(
	ctx context.Context, d *mlflowserver.Directory, state roleMemberModel, diags *diag.Diagnostics,
) bool {
	name, user := state.Role.ValueString(), state.User.ValueString()
	lock := r.lock(name)
	lock.Lock()
	defer lock.Unlock()
	switch {
	case lock.Members[user]:
		warnMemberKept(diags, user, framework.UpperFirst(r.describe(name)))
		return true
	case lock.MemberList:
		return true // the list does not contain the user
	}
	role, err := d.Role(ctx, "", name)
	if isRoleMissing(err) {
		return true
	}
	if err == nil {
		if !r.checkOwnMembership(ctx, d, name, path.Root(attributeUser), state.isRemoved, diags) {
			return false
		}
		err = d.Unassign(ctx, role, user)
	}
	if err != nil {
		addRoleError(diags, "remove member from role", r.object(state), err)
		return false
	}
	return true
}
