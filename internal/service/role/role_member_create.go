package role

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Create implements [resource.Resource]. It adopts an existing member.
func (r *roleMemberResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan roleMemberModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil || !r.addMember(ctx, d, plan, &resp.Diagnostics) {
		return
	}
	plan.setID(r.Client())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity(r.Client()))...)
}

// addMember adds the user to the role.
func (r *roleMemberResource) addMember(ctx context.Context, d *mlflowserver.Directory, plan roleMemberModel, diags *diag.Diagnostics) bool {
	lock := r.lock(plan.Role.ValueString())
	lock.Lock()
	defer lock.Unlock()
	role, ok := r.lookUpRole(ctx, d, plan.Role.ValueString(), "add member to role", diags)
	if !ok {
		return false
	}
	lock.DeclareMember(plan.User.ValueString())
	err := d.Assign(ctx, role, plan.User.ValueString())
	if _, missing := mlflow.MissingPrincipal(err); missing {
		addMissingUserError(diags, path.Root(attributeUser), "add member to role", r.object(plan), plan.User.ValueString())
		return false
	}
	if err != nil {
		addRoleError(diags, "add member to role", r.object(plan), err)
		return false
	}
	return true
}
