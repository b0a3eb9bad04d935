package role

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Create implements [resource.Resource]. After an error, no new role and no state remain, unless this run deleted and recreated the role.
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
		c.diags.Append(plannedRole.DuplicateError(c.object()))
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
	if _, taken := errors.AsType[*mlflowserver.TakenError](err); taken { // created meanwhile
		if role, err = c.directory.Role(ctx, "", c.plan.Name.ValueString()); err == nil {
			return c.adopt(ctx, role)
		}
	}
	if err != nil {
		addRoleError(c.diags, "create role", c.object(), err)
		c.warnLostMembers()
		return false
	}
	if c.lock.Deleted != nil {
		c.restoreDeleted(ctx, role)
		return true
	}
	if c.writeGrants(ctx, c.directory, role, c.plan, nil, c.diags) {
		return true
	}
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	if err := c.directory.DeleteRole(ctx, role); err != nil {
		framework.AddError(c.diags, "delete incomplete role", c.object(), err, "The role was created without some of its grants. Delete it, or "+
			"set adopt_existing = true, then apply again.")
	}
	return false
}

// adopt sets the grants and the description of an existing role to the declared ones.
func (c roleCreator) adopt(ctx context.Context, role mlflowserver.Role) bool {
	if !c.plan.AdoptExisting.ValueBool() {
		addRoleNameInUseError(c.diags, c.object())
		return false
	}
	if !c.checkOwnGrants(ctx, c.directory, role, *c.plan, c.diags) {
		return false
	}
	c.lock.Declared = true // even if it fails: a Delete by the old address of a renamed resource must leave the role
	if !c.writeGrants(ctx, c.directory, role, c.plan, nil, c.diags) {
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

// warnLostMembers reports the members of a role that this run deleted and could not recreate.
func (c roleCreator) warnLostMembers() {
	if c.lock.Deleted != nil && len(c.lock.Deleted.Members) > 0 {
		c.diags.AddWarning("Role deleted, not recreated", fmt.Sprintf("%s was deleted in this apply. Its members were:\n  - %s\n\nThe next "+
			"apply creates the role without them. Then add them again.", framework.UpperFirst(c.object()),
			strings.Join(c.lock.Deleted.Members, "\n  - ")))
	}
}

// restoreDeleted restores a recreated role that this apply deleted, for another resource or in a replacement: its members, the declared
// grants, and undeclared grants on single objects, which other resources may manage. Failures are reported in a warning, because after an
// error the next apply would replace the role again.
func (c roleCreator) restoreDeleted(ctx context.Context, role mlflowserver.Role) {
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	var missing []string
	grants, members := 0, 0
	for _, member := range c.lock.Deleted.Members {
		err := c.directory.Assign(ctx, role, member)
		if _, deleted := mlflow.MissingPrincipal(err); deleted {
			continue
		}
		if err != nil {
			missing = append(missing, fmt.Sprintf("member %q: %s", member, err))
			continue
		}
		members++
	}
	declared := declaredGrants(c.plan.Grants)
	wanted := maps.Clone(declared)
	for _, g := range c.lock.Deleted.Grants {
		if _, isDeclared := declared[grantKey(g)]; !isDeclared && g.Pattern != wildcard {
			wanted[grantKey(g)] = g.Level
		}
	}
	for _, change := range grantChanges(role, wanted, nil) {
		key := grantKey(change.grant)
		_, isDeclared := declared[key]
		if isDeclared {
			c.declareGrant(role.Name, key)
		}
		if err := c.writeGrant(ctx, c.directory, role, change, c.diags); err != nil {
			missing = append(missing, fmt.Sprintf("grant %s: %s: %s", key, change.level, err))
		} else if !isDeclared {
			grants++
		}
	}
	c.warnRestored(members, grants, missing)
}

// warnRestored reports the members and grants that were restored, and those that could not be.
func (c roleCreator) warnRestored(members, grants int, missing []string) {
	if members+grants+len(missing) == 0 {
		return
	}
	text := fmt.Sprintf("%s was deleted by another resource in this apply, or by the replacement of this one. Its members (%d) and grants on "+
		"single objects (%d) were restored.", framework.UpperFirst(c.object()), members, grants)
	if len(missing) > 0 {
		text += "\n\nThese could not be added:\n  - " + strings.Join(missing, "\n  - ") + "\n\nThe next plan shows the declared grants that " +
			"are missing. Add the members and the other grants again."
	}
	c.diags.AddWarning("Role deleted and recreated", text+"\n\nTo rename a resource without deleting the role, add a moved block.")
}
