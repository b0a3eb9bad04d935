package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// Update implements [resource.Resource]. A different experiment ID does not replace the resource, because an ID that is unknown during plan
// can turn out to be the same, and because a replacement would revoke all access before it grants the same access again.
func (r *experimentPermissionsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state experimentPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !r.CheckSameWorkspace(ctx, req.Private, state.workspaceObject(&plan), &resp.Diagnostics) ||
		!r.UseWorkspace(plan.Workspace, &resp.Diagnostics) ||
		!r.CheckServer(ctx, req.Private, "update permissions", state.stateObject(), &resp.Diagnostics) {
		return
	}
	var earlier *acl.Declared
	if !plan.hasOtherExperiment(&state) {
		plan.created, earlier = state.created, &state.Declared
	}
	if plan.hasOtherExperiment(&state) || plan.NeedsWrite(r.Client(), &state.Declared) {
		resp.Diagnostics.Append(r.write(ctx, &plan, earlier)...)
	}
	if !resp.Diagnostics.HasError() && plan.hasOtherExperiment(&state) {
		resp.Diagnostics.Append(state.list(&r.ResourceBase).Revoke(ctx, &state.Declared)...)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		created := r.LookUpCreationTime(ctx, plan.ExperimentID.ValueString(), plan.created)
		resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, created)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
	}
}
