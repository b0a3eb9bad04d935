package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// Delete implements [resource.Resource].
func (r *experimentPermissionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentPermissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.UseStateWorkspace(state.Workspace)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !resp.Diagnostics.HasError() && r.CheckServer(ctx, req.Private, "revoke permission", state.remembered(), &resp.Diagnostics) {
		r.revoke(ctx, &state, &resp.Diagnostics)
	}
}

// revoke removes the grant, unless another resource of this run declares it. What can't be reached any more is no error, and the caller keeps
// access that comes from nowhere else.
func (r *experimentPermissionResource) revoke(ctx context.Context, state *experimentPermissionModel, diags *diag.Diagnostics) {
	id := state.ExperimentID.ValueString()
	_, p := state.principal()
	lock := r.Provider.Run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	if key := r.Client().PrincipalKey(p); lock.Grants[key] || lock.List[key] {
		diags.AddWarning("Permission removed from state, not revoked", fmt.Sprintf("%s: another resource in this apply, or the replacement of this one, declares or "+
			"keeps this grant and now manages it.", framework.UpperFirst(state.object())))
		return
	}
	if lock.List != nil {
		return // the list that this run wrote does not have the grant
	}
	again, err := r.isReused(ctx, state)
	if err != nil {
		r.problem(ctx, id, err).AddReleaseProblem(diags)
		return
	}
	if again {
		diags.AddWarning("Permission left in place", fmt.Sprintf("%s: the id was used again, for another experiment. Its permissions are left alone.",
			framework.UpperFirst(state.object())))
		return
	}
	if state.PermissionLevel.ValueString() == mlflow.LevelManage {
		own, ok := r.ownAccess(ctx, id, p, "", diags)
		if own != "" {
			diags.AddWarning("Current user keeps its access", own+" The grant stays in place and is no longer managed.")
		}
		if !ok || own != "" {
			return
		}
	}
	lock.Planned = nil // out of date after the write
	err = r.Client().AccessControl().Revoke(ctx, id, p)
	if missing, ok := mlflow.MissingPrincipal(err); ok && acl.SamePrincipal(r.Client(), missing, p) {
		return // who does not exist holds no grant
	}
	if err != nil {
		r.problem(ctx, id, err).AddReleaseProblem(diags)
	}
}

// ownAccess says that the caller has CAN_MANAGE now and would not have it any more with another level, "" for none, for a principal: the
// caller, or a group that the caller is in. It is "" if the caller keeps CAN_MANAGE; ok is false after an error.
func (r *experimentPermissionResource) ownAccess(ctx context.Context, id string, p mlflow.Principal, level string, diags *diag.Diagnostics) (own string, ok bool) {
	client := r.Client()
	caller, ok := acl.Caller(ctx, client, diags)
	if !ok || caller.Admin || !acl.IsOwn(client, caller, p) {
		return "", ok
	}
	list, err := client.AccessControl().Get(ctx, id)
	if isUnreadable(err) {
		// Whoever can't see all grants can't see another source of access either. When the experiment is gone, this fails too.
		var held mlflow.DirectGrant
		held, err = client.AccessControl().Level(ctx, id, p)
		if isUnreadable(err) || err == nil && held.Level != mlflow.LevelManage {
			return "", true
		}
	} else if err == nil {
		direct := acl.DirectGrants(list)
		after := acl.WithoutPrincipal(client, direct, p)
		if level != "" {
			after = append(after, mlflow.Grant{Principal: p, Level: level})
		}
		if acl.HasManage(client, caller, after, list) || !acl.HasManage(client, caller, direct, list) {
			return "", true
		}
	}
	if err != nil {
		r.problem(ctx, id, err).AddError(diags, "check the access of the current user")
		return "", false
	}
	return fmt.Sprintf("The provider is authenticated as %q, which has CAN_MANAGE on %s only through the grant to %s %q.", caller.Principal.Name, framework.DescribeExperiment(id, ""),
		framework.KindNoun(p.Kind), p.Name), true
}

// isUnreadable reports that the caller may not see grants, or that there are none to see. Any other error tells nothing about them.
func isUnreadable(err error) bool {
	var unsupported *mlflow.UnsupportedError
	return rest.IsNotFound(err) || rest.IsPermissionDenied(err) || errors.As(err, &unsupported)
}
