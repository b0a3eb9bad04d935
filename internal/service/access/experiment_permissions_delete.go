package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Delete implements [resource.Resource].
func (r *experimentPermissionsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentPermissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.UseStateWorkspace(state.Workspace)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !resp.Diagnostics.HasError() && r.CheckServer(ctx, req.Private, "remove permissions", state.remembered(), &resp.Diagnostics) {
		resp.Diagnostics.Append(r.release(ctx, &state)...)
	}
}

// release removes the grants that the state has. Others stay, as do `admins`, and the caller keeps CAN_MANAGE whatever
// keep_caller_access says: deleting the experiment, which usually comes next, needs it. What can't be reached any more is no error.
func (r *experimentPermissionsResource) release(ctx context.Context, state *experimentPermissionsModel) diag.Diagnostics {
	var diags diag.Diagnostics
	id := state.ExperimentID.ValueString()
	lock := r.Provider.Run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	if lock.List != nil {
		diags.AddWarning("Permissions removed from state, not revoked", fmt.Sprintf("The permissions of %s are declared by another resource in this apply, or by "+
			"the replacement of this one, which now manages them.", framework.DescribeExperiment(id, "")))
		return diags
	}
	acl, problem := readACLForWrite(ctx, r.Client(), lock, id)
	if problem != nil {
		addReleaseProblem(&diags, problem)
		return diags
	}
	if state.reused(acl) {
		diags.AddWarning("Permissions left in place", fmt.Sprintf("The id of %s was used again, for another experiment. Its permissions are left alone.", framework.DescribeExperiment(id, "")))
		return diags
	}
	caller, ok := callerOf(ctx, r.Client(), &diags)
	if !ok {
		return diags
	}
	released := state.grants()
	if left := slices.DeleteFunc(state.grants(), func(g mlflow.Grant) bool { return !lock.Grants[r.Client().PrincipalKey(g.Principal)] }); len(left) > 0 {
		released = without(r.Client(), released, lock.Grants)
		diags.AddWarning("Permissions removed from state, not revoked", fmt.Sprintf("Other resources in this apply declare some of the grants on %s, and now manage "+
			"them:\n%s", framework.DescribeExperiment(id, ""), framework.DescribeGrants(left)))
	}
	lock.Retained = state.Retained
	rest := withCaller(r.Client(), caller, without(r.Client(), directGrants(acl), levelsOf(r.Client(), released)), acl)
	after, problem := writeACL(ctx, r.Client(), id, acl, rest)
	if problem != nil {
		addReleaseProblem(&diags, problem)
		return diags
	}
	r.checkReleased(ctx, id, without(r.Client(), released, levelsOf(r.Client(), rest)), after, &diags)
	return diags
}

// checkReleased checks that grants are gone from a list after a write. The CAN_MANAGE of an identity that is there again was put back by the server
// in its answer, as it does for owners; a destroy could never get rid of it.
func (r *experimentPermissionsResource) checkReleased(ctx context.Context, id string, gone []mlflow.Grant, after mlflow.ACL, diags *diag.Diagnostics) {
	released := levelsOf(r.Client(), gone)
	var back []mlflow.Grant
	for _, g := range directGrants(after) {
		switch _, isReleased := released[r.Client().PrincipalKey(g.Principal)]; {
		case !isReleased:
		case isIndividual(g) && g.Level == mlflow.LevelManage:
			back = append(back, g)
		default:
			explainACL(ctx, r.Client(), id, &mlflow.StillGrantedError{Principal: g.Principal}).addError(diags, "remove permissions")
		}
	}
	if len(back) > 0 {
		diags.AddWarning("Grants put back by the server", fmt.Sprintf("The server adds these grants on %s to each list by itself. They stay in place, unmanaged:\n%s",
			framework.DescribeExperiment(id, ""), framework.DescribeGrants(back)))
	}
}

func addReleaseProblem(diags *diag.Diagnostics, problem *aclProblem) {
	object := framework.DescribeExperiment(problem.experimentID, "")
	switch {
	case problem.gone:
		framework.AddWarning(diags, "remove permissions", object, problem.err, "The experiment is gone, and its permissions with it. Nothing is left to do.")
	case problem.denied():
		framework.AddWarning(diags, "remove permissions", object, problem.err,
			"Removing them needs CAN_MANAGE. They stay in place and are no longer managed: ask somebody with CAN_MANAGE to remove them.")
	default:
		problem.addError(diags, "remove permissions")
	}
}
