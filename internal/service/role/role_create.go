package role

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Create implements [resource.Resource]. On an error it leaves no role that was not there before, and no state.
func (r *roleResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan roleModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	lock := r.lock(plan.Name.ValueString())
	lock.Lock()
	defer lock.Unlock()
	c := roleCreator{roleResource: r, directory: d, lock: lock, plan: &plan, diags: &resp.Diagnostics}
	if !c.create(ctx) {
		return
	}
	lock.Declared = true
	plan.setID(r.Client())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity(r.Client()))...)
}

// roleCreator creates or adopts a role. The lock is held.
type roleCreator struct {
	*roleResource
	directory *mlflowserver.Directory
	lock      *framework.RoleLock
	plan      *roleModel
	diags     *diag.Diagnostics
}

// object describes the role.
func (c roleCreator) object() string { return c.plan.object(c.Client()) }

// create creates or adopts the role, with its grants.
func (c roleCreator) create(ctx context.Context) bool {
	if c.lock.Declared {
		c.diags.AddAttributeError(path.Root(attributeName), "Role is managed by two resources", fmt.Sprintf("%s was created, adopted, or "+
			"changed by another resource in this apply. A role can be managed by only one resource. Nothing was changed for this one.\n\nRemove "+
			"one of the two resources, or change its name.",
			framework.UpperFirst(c.object())))
		return false
	}
	role, err := c.directory.Role(ctx, "", c.plan.Name.ValueString())
	switch {
	case err == nil:
		return c.adopt(ctx, role)
	case !rest.IsNotFound(err):
		addRoleError(c.diags, "create role", c.object(), err)
		return false
	}
	role, err = c.directory.CreateRole(ctx, "", c.plan.Name.ValueString(), c.plan.Description.ValueString())
	if _, taken := errors.AsType[*mlflowserver.TakenError](err); taken { // somebody else was faster
		if role, err = c.directory.Role(ctx, "", c.plan.Name.ValueString()); err == nil {
			return c.adopt(ctx, role)
		}
	}
	if err != nil {
		addRoleError(c.diags, "create role", c.object(), err)
		return false
	}
	if c.writeRows(ctx, c.directory, role, c.plan, nil, c.diags) && c.restoreDeleted(ctx, role) {
		return true
	}
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	if err := c.directory.DeleteRole(ctx, role); err != nil {
		framework.AddError(c.diags, "delete role again", c.object(), err, "It was created, but not with all its grants. Delete it, or set "+
			"adopt_existing = true, then apply again.")
	}
	return false
}

// adopt makes a role that is there what the plan declares.
func (c roleCreator) adopt(ctx context.Context, role mlflowserver.Role) bool {
	if !c.plan.AdoptExisting.ValueBool() {
		addRoleTakenError(c.diags, c.object())
		return false
	}
	if !c.keepsRows(ctx, c.directory, role, *c.plan, c.diags) || !c.writeRows(ctx, c.directory, role, c.plan, nil, c.diags) {
		return false
	}
	if role.Description == c.plan.Description.ValueString() {
		return true
	}
	if err := c.directory.UpdateRole(ctx, role, role.Name, c.plan.Description.ValueString()); err != nil {
		addRoleError(c.diags, "change description of role", c.object(), err)
		return false
	}
	return true
}

// restoreDeleted gives a role that another resource of this apply deleted, or the first half of a replacement, its members back, and its
// grants on single objects that the plan does not declare: other resources may manage them.
func (c roleCreator) restoreDeleted(ctx context.Context, role mlflowserver.Role) bool {
	if c.lock.Deleted == nil {
		return true
	}
	rows, members := 0, 0
	declared := declaredRows(c.plan.Grants)
	for _, g := range c.lock.Deleted.Grants {
		if _, ours := declared[rowKey(g)]; ours || g.Pattern == everything {
			continue
		}
		if err := c.directory.AddGrant(ctx, role, g); err != nil {
			addRoleError(c.diags, "restore grant of role", c.object(), err)
			return false
		}
		rows++
	}
	for _, member := range c.lock.Deleted.Members {
		err := c.directory.Assign(ctx, role, member)
		if _, missing := mlflow.MissingPrincipal(err); missing {
			continue // deleted since
		}
		if err != nil {
			addRoleError(c.diags, "restore member of role", c.object(), err)
			return false
		}
		members++
	}
	if rows+members > 0 {
		c.diags.AddWarning("Role was deleted and recreated", fmt.Sprintf("%s was deleted by another resource in this apply, or by the "+
			"replacement of this one. Its members (%d) and grants on single objects (%d) were restored. If you only renamed a resource, a moved "+
			"block avoids that.", framework.UpperFirst(c.object()),
			members, rows))
	}
	return true
}
