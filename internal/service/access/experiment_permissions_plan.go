package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// ModifyPlan implements [resource.ResourceWithModifyPlan]. It suppresses equivalent spellings, keeps `retained` known if nothing is
// written, protects the access of the caller, and reports the grants that adopting an experiment would remove.
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
	if r.PlanWorkspace(ctx, req, state.workspaceObject(&plan), resp) {
		return
	}
	rules := r.Rules(ctx, req.Private)
	acl.CheckSpelling(&resp.Diagnostics, rules, &state.Declared, &plan.Declared)
	plan.SuppressEquivalent(rules, &state.Declared, plan.hasOtherExperiment(&state))
	plan.ID = plan.ExperimentID
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	r.planRoleGrants(&resp.Diagnostics, &plan)
	id := plan.ExperimentID.ValueString()
	if r.Client() != nil && id != "" && r.Provider.Run.ACLLock(id).PlanList() {
		addMixedWarning(&resp.Diagnostics, id)
	}
	if r.Client() == nil || plan.Workspace.IsUnknown() ||
		!plan.hasOtherExperiment(&state) && !plan.NeedsWrite(r.Client(), &state.Declared) {
		return
	}
	list := plan.list(&r.ResourceBase)
	resp.Diagnostics.Append(list.PlanWrite(ctx, &plan.Declared)...)
	switch {
	case plan.ExperimentID.IsUnknown():
	case !plan.hasOtherExperiment(&state):
		resp.Diagnostics.Append(list.PlanChange(ctx, &plan.Declared, state.Retained)...)
	case !resp.Diagnostics.HasError():
		resp.Diagnostics.Append(list.PlanAdopt(ctx, &plan.Declared)...)
	}
}

// planRoleGrants records the grants to roles, which mlflow_role must not also declare.
func (r *experimentPermissionsResource) planRoleGrants(diags *diag.Diagnostics, plan *experimentPermissionsModel) {
	for _, d := range plan.Entries() {
		if d.Principal.Kind == mlflow.KindGroup {
			r.PlanRoleGrant(diags, d.Path(), d.Principal.Name, plan.ExperimentID.ValueString(), false)
		}
	}
}
