package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// ModifyPlan implements [resource.ResourceWithModifyPlan]: a mere respelling plans nothing, `retained` stays known where nothing is
// written, the caller is protected, and taking over an experiment tells beforehand what would go.
func (r *experimentPermissionsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroy
	}
	var plan, state experimentPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if r.PlanWorkspace(ctx, req, state.placed(&plan), resp) {
		return
	}
	addRespelledErrors(&resp.Diagnostics, r.Rules(ctx, req.Private), &state, &plan)
	plan.settle(r.Rules(ctx, req.Private), &state)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	r.planRoleRows(&resp.Diagnostics, &plan)
	if r.Client() == nil || plan.Workspace.IsUnknown() || !plan.writesOver(r.Client(), &state) {
		return
	}
	for _, d := range plan.duplicates(r.Client()) {
		d.addError(&resp.Diagnostics)
	}
	for _, d := range plan.declared() {
		checkGrant(&resp.Diagnostics, r.Client(), d.Grant, d.path(), d.path())
	}
	resp.Diagnostics.Append(planCallerCheck(ctx, r.Client(), &plan)...)
	takesOver := !plan.ExperimentID.IsUnknown() && !plan.ExperimentID.Equal(state.ExperimentID)
	if takesOver && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.planTakeover(ctx, &plan)...)
	}
	if plan.keepsCaller() && !takesOver {
		warnKept(&resp.Diagnostics, framework.DescribeExperiment(plan.ExperimentID.ValueString(), ""), plan.retainedGrants(r.Client(), state.Retained))
	}
}

// planRoleRows records the grants to roles, which mlflow_role must not declare as well.
func (r *experimentPermissionsResource) planRoleRows(diags *diag.Diagnostics, plan *experimentPermissionsModel) {
	for _, d := range plan.declared() {
		if d.Principal.Kind == mlflow.KindGroup {
			r.PlanRoleRow(diags, d.path(), d.Principal.Name, plan.ExperimentID.ValueString(), false)
		}
	}
}

// addRespelledErrors refuses another spelling of a principal next to a level that is unknown.
func addRespelledErrors(diags *diag.Diagnostics, rules mlflow.NameRules, state, plan *experimentPermissionsModel) {
	planned := plan.maps()
	for i, prior := range state.maps() {
		if key, before := respelled(rules, prior.kind, *prior.levels, *planned[i].levels); key != "" {
			diags.AddAttributeError(path.Root(prior.attribute).AtMapKey(key), "Principal spelled differently", fmt.Sprintf("The state has this principal as %q, and another "+
				"level in the map is unknown until apply, so the plan cannot tell whether only the spelling changes.\n\nKeep the spelling %q for this apply, and change it in the "+
				"next one.", before, before))
		}
	}
}

// planCallerCheck asks who the caller is only when an entry might be the caller's.
func planCallerCheck(ctx context.Context, client *mlflow.Client, plan *experimentPermissionsModel) diag.Diagnostics {
	var diags diag.Diagnostics
	if plan.KeepCallerAccess.IsUnknown() || !plan.keepsCaller() || !slices.ContainsFunc(plan.declared(), declaredGrant.mayLower) {
		return diags
	}
	caller, ok := callerOf(ctx, client, &diags)
	if ok {
		diags.Append(plan.checkCaller(client, caller)...)
	}
	return diags
}

// planTakeover looks at an experiment whose permissions are about to be taken over, and warns of what the plan itself can't show. An apply uses
// the list that was read here.
func (r *experimentPermissionsResource) planTakeover(ctx context.Context, plan *experimentPermissionsModel) diag.Diagnostics {
	var diags diag.Diagnostics
	id := plan.ExperimentID.ValueString()
	lock := r.Provider.Run.ACLLock(id)
	lock.Lock()
	defer lock.Unlock()
	acl, problem := readACL(ctx, r.Client(), id)
	switch {
	case problem != nil && problem.gone:
		// Not an error: Terraform plans before a destroy too, and there a deleted experiment must not be in the way.
		framework.AddWarning(&diags, "read permissions", framework.DescribeExperiment(id, ""), problem.err, append(problem.advice, "Apply would fail.")...)
		return diags
	case problem != nil && problem.denied():
		// The apply itself may grant the access that is missing now.
		framework.AddWarning(&diags, "read permissions", framework.DescribeExperiment(id, ""), problem.err, append(problem.advice, "If this apply grants that access first, for example by another provider "+
			"configuration, let this resource depend on it. Otherwise, apply fails. The plan cannot show which grants would be removed.")...)
		return diags
	case problem != nil:
		problem.addError(&diags, "read permissions")
		return diags
	}
	lock.Planned = &acl
	warnIneffective(&diags, r.Client(), plan, acl)
	if plan.Groups.IsUnknown() || plan.Users.IsUnknown() || plan.ServicePrincipals.IsUnknown() {
		return diags // what is declared, and so what would go, is not known yet
	}
	r.warnRemoved(ctx, &diags, plan, acl)
	return diags
}

// warnRemoved names the undeclared grants that a takeover removes, and the caller's own that it keeps.
func (r *experimentPermissionsResource) warnRemoved(ctx context.Context, diags *diag.Diagnostics, plan *experimentPermissionsModel, acl mlflow.ACL) {
	client, object := r.Client(), framework.DescribeExperiment(plan.ExperimentID.ValueString(), "")
	going, own := plan.undeclared(client, acl), ""
	if plan.keepsCaller() && slices.ContainsFunc(going, isIndividual) {
		caller, ok := callerOf(ctx, client, diags)
		if !ok {
			return
		}
		isCallers := func(g mlflow.Grant) bool {
			return g.Level == mlflow.LevelManage && isOwn(client, caller, g.Principal) && isIndividual(g)
		}
		if i := slices.IndexFunc(going, isCallers); i >= 0 {
			if hasManage(client, caller, plan.grants(), acl) {
				own = fmt.Sprintf(" %q is the identity that runs Terraform, and can manage the experiment without its own grant.", caller.Principal.Name)
			} else {
				warnKept(diags, object, going[i:i+1])
				going = slices.Delete(going, i, i+1)
			}
		}
	}
	if len(going) > 0 {
		diags.AddWarning("Undeclared permissions will be removed", fmt.Sprintf(
			"%s has direct grants that are not in the configuration. Apply removes them:\n%s\n\nDeclare the grants to keep.%s",
			framework.UpperFirst(object), framework.DescribeGrants(going), own))
	}
}

// warnKept says whose undeclared access a write keeps.
func warnKept(diags *diag.Diagnostics, object string, kept []mlflow.Grant) {
	if len(kept) == 0 {
		return
	}
	diags.AddWarning("Undeclared access is kept", fmt.Sprintf("Apply keeps these grants on %s, which are not in the configuration, so that the identities that run Terraform "+
		"keep their access:\n%s\n\nTo manage a grant, declare it. To keep only declared grants, set keep_caller_access = false.", object, framework.DescribeGrants(kept)))
}

// retainedGrants lists what an earlier run retained and the plan does not declare.
func (m *experimentPermissionsModel) retainedGrants(rules mlflow.NameRules, retained types.Map) []mlflow.Grant {
	var grants []mlflow.Grant
	for name, level := range framework.StringMap(retained) {
		kind := mlflow.KindUser
		if databricks.IsApplicationID(name) {
			kind = mlflow.KindServicePrincipal
		}
		grants = append(grants, mlflow.Grant{Principal: mlflow.Principal{Kind: kind, Name: name}, Level: level})
	}
	return without(rules, grants, levelsOf(rules, m.grants()))
}

// isIndividual reports whether a grant is to one identity, not to a group.
func isIndividual(g mlflow.Grant) bool { return g.Principal.Kind != mlflow.KindGroup }

// warnIneffective names the declared levels that change nothing because more is inherited.
func warnIneffective(diags *diag.Diagnostics, rules mlflow.NameRules, plan *experimentPermissionsModel, acl mlflow.ACL) {
	inherited := map[mlflow.PrincipalKey][]string{}
	for _, e := range acl.Entries {
		inherited[rules.PrincipalKey(e.Principal)] = e.Inherited()
	}
	for _, d := range plan.declared() {
		levels := inherited[rules.PrincipalKey(d.Principal)]
		i := slices.IndexFunc(levels, func(level string) bool { return level != d.Level && mlflow.IncludesLevel(level, d.Level) })
		if i < 0 {
			continue
		}
		more := levels[i]
		diags.AddAttributeWarning(d.path(), "Level has no effect", fmt.Sprintf(
			"%s %q is to get %s on the experiment, but already has %s from a folder above it, which no entry here can lower. Change the folder's "+
				"permissions, or declare %s.", framework.UpperFirst(framework.KindNoun(d.Principal.Kind)), d.Principal.Name, d.Level, more, more))
	}
}
