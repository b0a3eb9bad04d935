package role

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Update implements [resource.Resource]. After an error, the state contains the completed changes.
func (r *roleResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state roleModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) {
		return
	}
	object := state.object(r.Client())
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity(r.Client()))...)
	if !r.CheckSameWorkspace(ctx, req.Private, r.workspaceObject(&state, &plan), &resp.Diagnostics) ||
		!r.checkRoleServer(ctx, req.Private, "update role", object, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	defer r.lockRoles(state.Name.ValueString(), plan.Name.ValueString())()
	done := r.update(ctx, d, state, &plan, &resp.Diagnostics)
	done.setID(r.Client())
	resp.Diagnostics.Append(resp.State.Set(ctx, done)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, done.identity(r.Client()))...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	}
}

// lockRoles locks roles in the order of their names, and returns a function that unlocks them.
func (r *roleResource) lockRoles(names ...string) (unlock func()) {
	slices.Sort(names)
	var locks []*framework.RoleLock
	for _, name := range slices.Compact(names) {
		lock := r.lock(name)
		lock.Lock()
		locks = append(locks, lock)
	}
	return func() {
		for _, lock := range locks {
			lock.Unlock()
		}
	}
}

// update changes the role, and returns the new state: the plan, or after an error its completed part.
func (r *roleResource) update(
	ctx context.Context, d *mlflowserver.Directory, state roleModel, plan *roleModel, diags *diag.Diagnostics) (done roleModel,
) {
	object := state.object(r.Client())
	role, err := d.Role(ctx, "", state.Name.ValueString())
	if isRoleMissing(err) {
		framework.AddError(diags, "update role", object, err, "It was deleted or renamed after the plan. Run plan again.")
		return state
	}
	if err != nil {
		addRoleError(diags, "update role", object, err)
		return state
	}
	if !r.checkOwnGrants(ctx, d, role, *plan, diags) {
		return state
	}
	name, description := plan.Name.ValueString(), plan.Description.ValueString()
	if role.Name != name || role.Description != description {
		err := d.UpdateRole(ctx, role, name, description)
		if _, taken := errors.AsType[*mlflowserver.TakenError](err); taken {
			diags.AddAttributeError(path.Root(attributeName), "Could not rename role: name already in use", fmt.Sprintf("%s cannot be renamed to "+
				"%q, because another role has that name.\n\nChoose another name, or first rename or delete the other role.",
				framework.UpperFirst(object), name))
			return state
		}
		if err != nil {
			addRoleError(diags, "update role", object, err)
			return state
		}
		role.Name = name
	}
	r.lock(name).Declared = true
	state.Name, state.Description = plan.Name, plan.Description
	if !r.writeGrants(ctx, d, role, plan, declaredGrants(state.Grants), diags) {
		return r.stateAfterFailure(ctx, d, state, *plan)
	}
	return *plan
}

// stateAfterFailure returns a state with the current grants of the role, after some of them could not be written.
func (r *roleResource) stateAfterFailure(ctx context.Context, d *mlflowserver.Directory, state, plan roleModel) roleModel {
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	role, err := d.Role(ctx, "", state.Name.ValueString())
	if err != nil {
		return state // the next refresh shows the completed changes
	}
	declared := declaredGrants(state.Grants)
	maps.Copy(declared, declaredGrants(plan.Grants))
	state.setGrants(managedGrants(role, declared, false))
	return state
}

// writeGrants sets the grants of a role to the declared ones. before are the grants in the state.
func (r *roleResource) writeGrants(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, plan *roleModel, before map[string]string, diags *diag.Diagnostics,
) bool {
	declared := declaredGrants(plan.Grants)
	for _, key := range framework.SortedKeys(declared) {
		r.declareGrant(role.Name, key)
	}
	for _, change := range grantChanges(role, declared, before) {
		if err := r.writeGrant(ctx, d, role, change, diags); err != nil {
			addGrantError(diags, plan.object(r.Client()), change, err)
			return false
		}
	}
	return true
}

// experimentLock returns the lock of the access control list of the experiment that a grant is on; nil if it is not on a single experiment.
func (r *roleResource) experimentLock(g mlflowserver.RoleGrant) *framework.ACLLock {
	if g.Type != typeExperiment || g.Pattern == wildcard {
		return nil
	}
	return r.Provider.Run.ACLLock(g.Pattern)
}

// declareGrant marks a grant on a single experiment, which the permissions of the experiment would otherwise remove.
func (r *roleResource) declareGrant(role, key string) {
	g, _ := parseGrantKey(key)
	if lock := r.experimentLock(g); lock != nil {
		lock.Lock()
		defer lock.Unlock()
		lock.DeclareGrant(r.Client(), mlflow.Principal{Kind: mlflow.KindGroup, Name: role})
		lock.Planned = nil // may be out of date after the write
	}
}

// writeGrant makes one change. It does not remove a grant that the permissions of its experiment declare in the same run.
func (r *roleResource) writeGrant(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, change grantChange, diags *diag.Diagnostics,
) error {
	switch change.kind {
	case grantAdded:
		return d.AddGrant(ctx, role, change.grant)
	case grantLevelChanged:
		return d.ChangeGrant(ctx, role, change.grant, change.level)
	}
	if lock := r.experimentLock(change.grant); lock != nil {
		lock.Lock()
		defer lock.Unlock()
		if key := r.Client().PrincipalKey(mlflow.Principal{Kind: mlflow.KindGroup, Name: role.Name}); lock.List[key] || lock.Grants[key] {
			diags.AddWarning("Grant removed from state, not revoked", fmt.Sprintf("%s: the permissions of experiment %s declare the grant in this "+
				"apply, and now manage it.", framework.UpperFirst(describeRole(role.Workspace, role.Name)), change.grant.Pattern))
			return nil
		}
		lock.Planned = nil // out of date after the write
	}
	return d.RemoveGrant(ctx, role, change.grant)
}

// addGrantError reports a grant that could not be written, at its entry.
func addGrantError(diags *diag.Diagnostics, object string, change grantChange, err error) {
	at := path.Root("grants").AtMapKey(grantKey(change.grant))
	action := map[grantChangeKind]string{grantAdded: "add grant", grantLevelChanged: "change grant", grantRemoved: "revoke grant"}[change.kind]
	object = fmt.Sprintf("%s on %q of %s", map[bool]string{true: change.level, false: change.grant.Level}[change.kind != grantRemoved],
		grantKey(change.grant), object)
	advice := []string{}
	switch {
	case rest.IsPermissionDenied(err):
		advice = append(advice, managerAdvice)
	case rest.IsAlreadyExists(err):
		advice = append(advice, "The grant was changed outside Terraform during this apply. Apply again.")
	}
	diags.AddAttributeError(at, "Could not "+action, framework.ErrorDetail(object, err, advice...))
}
