package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
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
	plan.settle(r.rules(), &state)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if r.client() == nil || !plan.writesOver(r.rules(), &state) {
		return
	}
	for _, d := range plan.duplicates(r.rules()) {
		d.addError(&resp.Diagnostics)
	}
	for _, d := range plan.declared() {
		checkGrant(&resp.Diagnostics, r.client(), d.Grant, d.path(), d.path())
	}
	resp.Diagnostics.Append(planCallerCheck(ctx, r.client(), &plan)...)
	takesOver := !plan.ExperimentID.IsUnknown() && !plan.ExperimentID.Equal(state.ExperimentID)
	if takesOver && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(planTakeover(ctx, r.client(), &plan)...)
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

// planTakeover looks at an experiment whose permissions are about to be taken over, and warns of what the plan itself can't show.
func planTakeover(ctx context.Context, client *mlflow.Client, plan *experimentPermissionsModel) diag.Diagnostics {
	var diags diag.Diagnostics
	id := plan.ExperimentID.ValueString()
	acl, problem := readACL(ctx, client, id)
	switch {
	case problem != nil && problem.gone:
		// Not an error: Terraform plans before a destroy too, and there a deleted experiment must not be in the way.
		addWarning(&diags, "read permissions", named(id, ""), problem.err, append(problem.advice, "Apply would fail.")...)
		return diags
	case problem != nil:
		problem.addError(&diags, "read permissions")
		return diags
	}
	warnIneffective(&diags, client, plan, acl)
	if plan.Groups.IsUnknown() || plan.Users.IsUnknown() || plan.ServicePrincipals.IsUnknown() {
		return diags // what is declared, and so what would go, is not known yet
	}
	going, own := plan.undeclared(client, acl), ""
	if plan.keepsCaller() && slices.ContainsFunc(going, isPerson) {
		caller, ok := callerOf(ctx, client, &diags)
		if !ok {
			return diags
		}
		going = slices.DeleteFunc(going, func(g mlflow.Grant) bool { return plan.isRetained(client, g, caller, acl) })
		if slices.ContainsFunc(going, func(g mlflow.Grant) bool { return g.Level == mlflow.LevelManage && isOwn(client, caller, g.Principal) }) {
			own = fmt.Sprintf(" %q is who the provider runs as, and can manage the experiment without its own grant.", caller.Principal.Name)
		}
	}
	if len(going) > 0 {
		diags.AddWarning("Permissions that are not declared will be removed", fmt.Sprintf(
			"%s has direct grants that the configuration does not have. Apply removes them:\n%s\n\nDeclare those that are to stay.%s",
			upperFirst(named(id, "")), describeGrants(going), own))
	}
	return diags
}

func isPerson(g mlflow.Grant) bool { return g.Principal.Kind != mlflow.KindGroup }

// warnIneffective names the declared levels that change nothing because more is inherited.
func warnIneffective(diags *diag.Diagnostics, rules mlflow.NameRules, plan *experimentPermissionsModel, acl mlflow.ACL) {
	inherited := map[mlflow.PrincipalKey]string{}
	for _, e := range acl.Entries {
		inherited[rules.PrincipalKey(e.Principal)] = e.Inherited()
	}
	for _, d := range plan.declared() {
		more := inherited[rules.PrincipalKey(d.Principal)]
		declaredRank, known := mlflow.LevelRank(d.Level)
		if inheritedRank, ok := mlflow.LevelRank(more); !ok || !known || inheritedRank <= declaredRank {
			continue
		}
		diags.AddAttributeWarning(d.path(), "Level has no effect", fmt.Sprintf(
			"%s %q is to get %s on the experiment, but already has %s from a folder above it, which no entry here can lower. Change the folder's "+
				"permissions, or declare %s.", upperFirst(kindNoun(d.Principal.Kind)), d.Principal.Name, d.Level, more, more))
	}
}
