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
	if !resp.Diagnostics.HasError() && r.CheckServer(ctx, req.Private, "revoke permission", state.stateObject(), &resp.Diagnostics) {
		r.revoke(ctx, &state, &resp.Diagnostics)
	}
}

// revoke revokes the grant, unless another resource in this run declares it or the caller has CAN_MANAGE only through it. If the experiment
// or the access to its permissions is missing, it is a warning.
func (r *experimentPermissionResource) revoke(ctx context.Context, state *experimentPermissionModel, diags *diag.Diagnostics) {
	id := state.ExperimentID.ValueString()
	_, p := state.principal()
	lock := r.Provider.Run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	if key := r.Client().PrincipalKey(p); lock.Grants[key] || lock.List[key] {
		diags.AddWarning("Permission removed from state, not revoked", fmt.Sprintf("%s: another resource in this apply, or the "+
			"replacement of this one, declares or keeps this grant and now manages it.", framework.UpperFirst(state.object())))
		return
	}
	if lock.List != nil {
		return // the list that this run wrote does not contain the grant
	}
	reused, err := r.idReused(ctx, state)
	if err != nil {
		r.problem(ctx, id, err).AddRevokeError(diags)
		return
	}
	if reused {
		diags.AddWarning("Permission removed from state, not revoked", fmt.Sprintf("%s: the experiment no longer exists, and its ID now "+
			"belongs to a different experiment, whose permissions were not changed.", framework.UpperFirst(state.object())))
		return
	}
	if state.PermissionLevel.ValueString() == mlflow.LevelManage {
		lost, ok := r.lostAccess(ctx, id, p, "", diags)
		if lost != "" {
			diags.AddWarning("Grant kept for the current user", lost+" The grant remains, unmanaged.")
		}
		if !ok || lost != "" {
			return
		}
	}
	lock.Planned = nil // outdated after the write
	err = r.Client().AccessControl().Revoke(ctx, id, p)
	if missing, ok := mlflow.MissingPrincipal(err); ok && acl.SamePrincipal(r.Client(), missing, p) {
		return // a principal that does not exist has no grant
	}
	if err != nil {
		r.problem(ctx, id, err).AddRevokeError(diags)
	}
}

// lostAccess describes the CAN_MANAGE that the caller would lose if the grant to a principal, the caller or one of its groups, got another
// level, or "" for none. It returns "" if the caller keeps CAN_MANAGE; ok is false after an error.
func (r *experimentPermissionResource) lostAccess(
	ctx context.Context, id string, p mlflow.Principal, level string, diags *diag.Diagnostics,
) (lost string, ok bool) {
	client := r.Client()
	caller, ok := acl.Caller(ctx, client, diags)
	if !ok || caller.Admin || !acl.IsOwn(client, caller, p) {
		return "", ok
	}
	list, err := client.AccessControl().Get(ctx, id)
	if isUnreadable(err) {
		// A caller that cannot read the list cannot find another source of access in it. If the experiment does not exist, this request
		// also fails.
		var grant mlflow.DirectGrant
		grant, err = client.AccessControl().Level(ctx, id, p)
		if isUnreadable(err) || err == nil && grant.Level != mlflow.LevelManage {
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
	return fmt.Sprintf("The provider is authenticated as %q, which has CAN_MANAGE on %s only through the grant to %s %q.",
		caller.Principal.Name, framework.DescribeExperiment(id, ""), framework.KindNoun(p.Kind), p.Name), true
}

// isUnreadable reports whether an error means that the caller cannot read grants or that there are none.
func isUnreadable(err error) bool {
	var unsupported *mlflow.UnsupportedError
	return rest.IsNotFound(err) || rest.IsPermissionDenied(err) || errors.As(err, &unsupported)
}
