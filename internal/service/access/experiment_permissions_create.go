package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Create implements [resource.Resource]. On an error it leaves no state: nothing was made that a later destroy would have to undo.
func (r *experimentPermissionsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.CreateIn(ctx, plan.Workspace, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(r.write(ctx, &plan, types.MapNull(types.StringType))...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, r.ReadCreation(ctx, plan.ExperimentID.ValueString(), plan.created))...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
	}
}

// write makes the declared grants the direct grants of the experiment, together with those of `admins` that are there, with those that an
// mlflow_experiment_permission of this run granted, with those that an earlier run retained, and with the caller's own where it would be lost.
// It fills in `retained` from the answer, which also has what the server itself put back.
func (r *experimentPermissionsResource) write(ctx context.Context, plan *experimentPermissionsModel, earlier types.Map) diag.Diagnostics {
	var diags diag.Diagnostics
	client, id := r.Client(), plan.ExperimentID.ValueString()
	lock := r.Provider.Run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	acl, problem := readACLForWrite(ctx, client, lock, id)
	if problem != nil {
		problem.addError(&diags, "set permissions")
		return diags
	}
	if plan.reused(acl) {
		diags.AddError("Could not set permissions", fmt.Sprintf("The id of %s was used again, for another experiment. Nothing was changed. Run plan again, which "+
			"drops it from the state.", framework.DescribeExperiment(id, "")))
		return diags
	}
	if lock.List != nil {
		diags.AddError("Permissions are managed by two resources", fmt.Sprintf("Another resource of this apply has already set all permissions of %s, and this one would "+
			"replace them. Remove one of the two resources, or declare all grants in one of them.", framework.DescribeExperiment(id, "")))
		return diags
	}
	grants := plan.grants()
	for _, g := range without(client, directGrants(acl), levelsOf(client, grants)) {
		kept := isRetained(client, earlier, g) || isRetained(client, lock.Retained, g)
		if g.Principal == acl.Admins || lock.Grants[client.PrincipalKey(g.Principal)] || plan.keepsCaller() && kept {
			grants = append(grants, g)
		}
	}
	if plan.keepsCaller() {
		caller, ok := callerOf(ctx, client, &diags)
		if !ok {
			return diags
		}
		if diags.Append(plan.checkCaller(client, caller)...); diags.HasError() {
			return diags
		}
		grants = withCaller(client, caller, grants, acl)
	}
	after, problem := writeACL(ctx, client, id, acl, grants)
	var unlisted *mlflow.NotGrantedError
	if problem == nil || errors.As(problem.err, &unlisted) { // written in both cases
		lock.DeclareList(client, grants)
	}
	if problem != nil {
		addWriteError(&diags, client, plan, problem)
		return diags
	}
	plan.created = cmp.Or(framework.FormatCreationTime(acl.Created), plan.created)
	plan.setRetained(slices.DeleteFunc(plan.undeclared(client, after), func(g mlflow.Grant) bool {
		return !isIndividual(g) || lock.Grants[client.PrincipalKey(g.Principal)]
	}))
	return diags
}

// addWriteError puts an unknown principal, and a grant that the server does not list as declared, at the entry that names it.
func addWriteError(diags *diag.Diagnostics, client *mlflow.Client, plan *experimentPermissionsModel, problem *aclProblem) {
	var unlisted *mlflow.NotGrantedError
	missing, isMissing := mlflow.MissingPrincipal(problem.err)
	switch {
	case isMissing:
		addEntryError(diags, client, plan, problem, missing, "Nothing was changed. "+client.PrincipalAdvice(missing))
	case errors.As(problem.err, &unlisted):
		addEntryError(diags, client, plan, problem, unlisted.Grant.Principal, "The list was written. Correct the entry, then apply again.")
	default:
		problem.addError(diags, "set permissions")
	}
}

// addEntryError reports the problem at the entry of a principal, or at none if the entry is not declared.
func addEntryError(diags *diag.Diagnostics, rules mlflow.NameRules, plan *experimentPermissionsModel, problem *aclProblem, p mlflow.Principal, advice string) {
	for _, d := range plan.declared() {
		if samePrincipal(rules, d.Principal, p) {
			diags.AddAttributeError(d.path(), "Could not set permissions", framework.ErrorDetail(framework.DescribeExperiment(problem.experimentID, ""), problem.err, advice))
			return
		}
	}
	problem.addError(diags, "set permissions")
}
