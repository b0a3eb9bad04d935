package role

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Delete implements [resource.Resource]. It succeeds if the role no longer exists.
func (r *roleResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state roleModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.UseStateWorkspace(state.Workspace)
	object := state.object(r.Client())
	if !r.checkRoleServer(ctx, req.Private, "delete role", object, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	lock := r.lock(state.Name.ValueString())
	lock.Lock()
	defer lock.Unlock()
	if lock.Declared {
		resp.Diagnostics.AddWarning("Role removed from state, not deleted", fmt.Sprintf("%s was created, adopted, or changed by another "+
			"resource in this apply, which now manages it.", framework.UpperFirst(object)))
		return
	}
	role, err := d.Role(ctx, "", state.Name.ValueString())
	switch {
	case isRoleMissing(err):
		return
	case err != nil:
		addRoleError(&resp.Diagnostics, "delete role", object, err)
		return
	case !r.checkOwnAccess(ctx, d, role, path.Root(attributeName), "delete role", "Deleting the role", &resp.Diagnostics):
		return
	}
	if err := d.DeleteRole(ctx, role); err != nil {
		addRoleError(&resp.Diagnostics, "delete role", object, err)
		return
	}
	managed := declaredGrants(state.Grants) // a role that this run creates with this name has its own declared grants
	role.Grants = slices.DeleteFunc(role.Grants, func(g mlflowserver.RoleGrant) bool { return managed[grantKey(g)] != "" })
	lock.Deleted = &role
}
