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
	if !resp.Diagnostics.HasError() && r.CheckServer(ctx, req.Private, "remove experiment tag", state.stateObject(), &resp.Diagnostics) {
		r.remove(ctx, state, &resp.Diagnostics)
	}
}

// remove removes the tag of a state. It reads the experiment first: on a server that cannot delete tags, removing a missing tag would
// create an empty one.
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
	if _, found := e.Tag(key); !found {
		return
	}
	if framework.IDReused(state.created, e.Created()) {
		diags.AddWarning("Experiment tag removed from state, not from the server", fmt.Sprintf("%s no longer exists: the ID now belongs to a "+
			"different experiment. Its tags were not changed.",
			framework.UpperFirst(state.object())))
		return
	}
	declared, cleared, err := r.Provider.Run.RemoveTag(ctx, r.Client(), id, key)
	switch {
	case declared:
		diags.AddWarning("Experiment tag removed from state, not from the experiment", fmt.Sprintf(
			"%s: another resource in this apply, or the replacement of this one, declares the tag and now manages it.",
			framework.UpperFirst(state.object())))
	case rest.IsNotFound(err), err != nil && isMissing(r.Client().GetExperiment(ctx, id)):
		// The experiment was deleted after the first read.
	case err != nil:
		framework.AddError(diags, "remove experiment tag", state.object(), err, tagAccessAdvice(err)...)
	case cleared:
		diags.AddWarning("Experiment tag cleared, not removed", fmt.Sprintf("%s remains with an empty value, because "+
			"%s has no API to delete it. The provider treats an empty tag as absent.",
			framework.UpperFirst(state.object()), r.Client().BackendName()))
	}
}
