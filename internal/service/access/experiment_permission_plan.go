package access

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// ModifyPlan implements [resource.ResourceWithModifyPlan]. It suppresses a different spelling of the same principal, and rejects grants
// that the server does not support.
func (r *experimentPermissionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state experimentPermissionModel
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
	if !req.State.Raw.IsNull() {
		plan.keepSpelling(r.Rules(ctx, req.Private), &state)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if r.Client() == nil {
		return
	}
	name, p := plan.principal()
	g := mlflow.Grant{Principal: p, Level: plan.PermissionLevel.ValueString()}
	acl.CheckGrant(&resp.Diagnostics, r.Client(), r.Client().KnownLevels(), g, path.Root(name.attribute), path.Root("permission_level"))
	if plan.ExperimentID.IsUnknown() || p.Name == "" {
		return
	}
	if p.Kind == mlflow.KindGroup {
		r.PlanRoleGrant(&resp.Diagnostics, path.Root(name.attribute), p.Name, plan.ExperimentID.ValueString(), false)
	}
	lock := r.Provider.Run.ACLLock(plan.ExperimentID.ValueString())
	planned := framework.PlannedGrant{InState: !req.State.Raw.IsNull(), Level: plan.PermissionLevel}
	duplicate, mixed := lock.PlanGrant(r.Client(), p, planned)
	if duplicate {
		resp.Diagnostics.AddAttributeError(path.Root(name.attribute), "Grant is managed by two resources", fmt.Sprintf("Two resources in the "+
			"configuration declare the grant to %s. Only one resource can manage it.\n\nRemove one of the two resources.",
			plan.object()))
	}
	if mixed {
		addMixedWarning(&resp.Diagnostics, plan.ExperimentID.ValueString())
	}
}

// addMixedWarning reports that resources of both types manage the permissions of an experiment. It is no error, because the complete list
// can declare or retain the grant, too.
func addMixedWarning(diags *diag.Diagnostics, experimentID string) {
	diags.AddAttributeWarning(path.Root("experiment_id"), "Permissions are managed by two resources", fmt.Sprintf("Both "+
		"mlflow_experiment_permissions, which declares all grants, and mlflow_experiment_permission are used for %s. A grant that "+
		"only mlflow_experiment_permission declares, or that the two declare with different levels, changes with every apply, so the plan is "+
		"never empty.\n\nUse only one of the two for an experiment.", framework.DescribeExperiment(experimentID, "")))
}
