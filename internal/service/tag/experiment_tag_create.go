package tag

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Create implements [resource.Resource].
func (r *experimentTagResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentTagModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseCreateWorkspace(ctx, plan.Workspace, &resp.Diagnostics) {
		return
	}
	if r.declare(ctx, &plan, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, plan.created)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
	}
}

// declare sets a tag that is not in the state. It reads the experiment first, to report the value that it replaces.
func (r *experimentTagResource) declare(ctx context.Context, plan *experimentTagModel, diags *diag.Diagnostics) bool {
	r.Provider.Run.DeclareTag(plan.ExperimentID.ValueString(), plan.Key.ValueString())
	e, err := r.Client().GetExperiment(ctx, plan.ExperimentID.ValueString())
	switch {
	case rest.IsNotFound(err):
		framework.AddError(diags, "set experiment tag", plan.object(), err, "Check experiment_id. The data source mlflow_experiment looks up "+
			"an experiment by name and returns its ID.")
		return false
	case err != nil:
		framework.AddError(diags, "set experiment tag", plan.object(), err)
		return false
	case e.Deleted():
		diags.AddError("Could not set experiment tag", fmt.Sprintf("%s: %s is deleted. Tags cannot be set on a deleted experiment.\n\n"+
			"Restore the experiment, or remove this resource from the configuration.",
			framework.UpperFirst(plan.object()), framework.DescribeExperiment(e.ID, e.Name)))
		return false
	}
	old, found := e.Tag(plan.Key.ValueString())
	if (!found || old != plan.Value.ValueString()) && !r.set(ctx, *plan, diags) {
		return false
	}
	if old != "" && old != plan.Value.ValueString() {
		diags.AddWarning("Existing experiment tag adopted", fmt.Sprintf("%s already existed, with the value %q. It now has the value of this "+
			"configuration, and destroying this resource removes it.", framework.UpperFirst(plan.object()), shorten(old)))
	}
	plan.created = framework.FormatCreationTime(e.Created())
	plan.setID()
	return true
}
