package tag

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// Update implements [resource.Resource]. A change of the key or the experiment is an update, not a replacement: while one of them is
// unknown, a plan could not determine whether it changes. Update sets the new tag before it removes the old one.
func (r *experimentTagResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state experimentTagModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !r.CheckSameWorkspace(ctx, req.Private, state.workspaceObject(plan), &resp.Diagnostics) ||
		!r.UseWorkspace(plan.Workspace, &resp.Diagnostics) ||
		!r.CheckServer(ctx, req.Private, "update experiment tag", state.stateObject(), &resp.Diagnostics) {
		return
	}
	if plan.sameTag(state) {
		plan.created = state.created
		r.Provider.Run.DeclareTag(plan.ExperimentID.ValueString(), plan.Key.ValueString())
		r.set(ctx, plan, &resp.Diagnostics)
	} else if r.declare(ctx, &plan, &resp.Diagnostics) {
		r.remove(ctx, state, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return // the state still has the old tag, so that the next apply removes it
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, plan.created)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
}

func (r *experimentTagResource) set(ctx context.Context, m experimentTagModel, diags *diag.Diagnostics) bool {
	err := r.Client().SetTag(ctx, m.ExperimentID.ValueString(), m.tag())
	if err != nil {
		framework.AddError(diags, "set experiment tag", m.object(), err, tagAccessAdvice(err)...)
	}
	return err == nil
}
