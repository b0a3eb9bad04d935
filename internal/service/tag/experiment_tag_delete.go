package tag

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Delete implements [resource.Resource].
func (r *experimentTagResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentTagModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.UseStateWorkspace(state.Workspace)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !resp.Diagnostics.HasError() && r.CheckServer(ctx, req.Private, "remove experiment tag", state.remembered(), &resp.Diagnostics) {
		r.remove(ctx, state, &resp.Diagnostics)
	}
}

// remove removes the tag of a state. It looks first: where tags can't be removed, a blank one would be left of a tag that was gone already.
func (r *experimentTagResource) remove(ctx context.Context, state experimentTagModel, diags *diag.Diagnostics) {
	id, key := state.ExperimentID.ValueString(), state.Key.ValueString()
	e, err := r.Client().GetExperiment(ctx, id)
	if isMissing(e, err) {
		return
	}
	if err != nil {
		framework.AddError(diags, "remove experiment tag", state.object(), err)
		return
	}
	if _, there := e.Tag(key); !there {
		return
	}
	if framework.IDReused(state.created, e.Created()) {
		diags.AddWarning("Experiment tag left in place", fmt.Sprintf("%s: the id was used again, for another experiment. Its tags are left alone.",
			framework.UpperFirst(state.object())))
		return
	}
	declared, blanked, err := r.Provider.Run.RemoveTag(ctx, r.Client(), id, key)
	switch {
	case declared:
		diags.AddWarning("Experiment tag removed from state, not from the experiment", fmt.Sprintf(
			"%s: another resource in this apply, or the replacement of this one, declares the tag and now manages it.", framework.UpperFirst(state.object())))
	case rest.IsNotFound(err), err != nil && isMissing(r.Client().GetExperiment(ctx, id)):
		// The experiment was deleted after the first read.
	case err != nil:
		framework.AddError(diags, "remove experiment tag", state.object(), err, tagAccessAdvice(err)...)
	case blanked:
		diags.AddWarning("Experiment tag is blank now, not removed", fmt.Sprintf("%s still shows on the experiment, without a value: "+
			"%s has no call to remove a tag. The provider takes a blank tag for an absent one.", framework.UpperFirst(state.object()), r.Client().BackendName()))
	}
}
