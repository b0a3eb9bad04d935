package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// Update implements [resource.Resource]. Another principal or experiment is no replacement: a plan in which it is unknown could not say whether it will
// be another one. The new grant is made before the old one is revoked.
func (r *experimentPermissionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state experimentPermissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if plan.ExperimentID.Equal(state.ExperimentID) {
		plan.created = state.created
	}
	if resp.Diagnostics.HasError() || !r.CheckSameWorkspace(ctx, req.Private, state.placed(&plan), &resp.Diagnostics) ||
		!r.UseWorkspace(plan.Workspace, &resp.Diagnostics) || !r.CheckServer(ctx, req.Private, "update permission", state.remembered(), &resp.Diagnostics) ||
		!r.grant(ctx, &plan, &resp.Diagnostics) {
		return
	}
	if !plan.sameGrantee(r.Client(), &state) {
		r.revoke(ctx, &state, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return // the state still has the old grant, so that the next apply removes it
		}
	}
	plan.setID()
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, r.LookUpCreationTime(ctx, plan.ExperimentID.ValueString(), plan.created))...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
}
