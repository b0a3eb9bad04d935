package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// Update implements [resource.Resource]. A different principal or experiment does not replace the resource, because a value that is unknown
// during plan can turn out to be the same. The new grant is created before the old one is revoked.
func (r *experimentPermissionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state experimentPermissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if plan.ExperimentID.Equal(state.ExperimentID) {
		plan.created = state.created
	}
	if resp.Diagnostics.HasError() || !r.CheckSameWorkspace(ctx, req.Private, state.workspaceObject(&plan), &resp.Diagnostics) ||
		!r.UseWorkspace(plan.Workspace, &resp.Diagnostics) ||
		!r.CheckServer(ctx, req.Private, "update permission", state.stateObject(), &resp.Diagnostics) ||
		!r.grant(ctx, &plan, &resp.Diagnostics) {
		return
	}
	if !plan.sameGrantee(r.Client(), &state) {
		r.revoke(ctx, &state, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return // the state still contains the old grant, so that the next apply revokes it
		}
	}
	plan.setID()
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	created := r.LookUpCreationTime(ctx, plan.ExperimentID.ValueString(), plan.created)
	resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, created)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
}
