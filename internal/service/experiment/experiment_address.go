package experiment

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// plannedExperiment describes experiments in the diagnostics of conflicting plans.
var plannedExperiment = planned.Kind{Noun: "Experiment", NameAttribute: "name", Contents: "its runs", IsRestorable: true}

// If a resource is renamed, gets another for_each key, or is moved to another module without a moved block, Terraform destroys the
// experiment of the old address and creates one for the new address. Both are the same experiment, and the functions in this file make sure
// that it is not deleted.

// recordPlannedAction records what the plan of a resource does with its experiment, and adds an error or a warning if this conflicts with
// the plan of another resource. Terraform plans resources in any order, so the last one reports the conflict. id is the ID of the
// experiment in the state, also for a create that replaces it.
func (r *experimentResource) recordPlannedAction(diags *diag.Diagnostics, id string, state, plan *experimentModel) {
	switch {
	case r.Client() == nil:
	case plan == nil:
		if !state.Name.IsUnknown() && state.deletionPolicy() != deletionRetain {
			r.recordUse(diags, planned.Use{Action: planned.Delete, ID: id, Name: state.Name.ValueString()})
		}
	case plan.Name.IsUnknown():
	case state == nil:
		r.recordUse(diags, planned.Use{
			Action: planned.Create, ID: id, Name: plan.Name.ValueString(), Adopts: plan.AdoptExisting.ValueBool(),
		})
	case r.Client().NormalizeName(state.Name.ValueString()) == r.Client().NormalizeName(plan.Name.ValueString()):
		r.recordUse(diags, planned.Use{Action: planned.Keep, ID: id, Name: plan.Name.ValueString()})
	default:
		r.recordUse(diags, planned.Use{Action: planned.RenameFrom, ID: id, Name: state.Name.ValueString()})
		r.recordUse(diags, planned.Use{Action: planned.RenameTo, ID: id, Name: plan.Name.ValueString()})
	}
}

// recordUse records a planned use of a name, and reports its conflict with another one.
func (r *experimentResource) recordUse(diags *diag.Diagnostics, use planned.Use) {
	use.Object = framework.DescribeExperiment(use.ID, use.Name)
	diags.Append(r.Provider.Run.NameLock(r.Client(), use.Name).Plan(plannedExperiment, use))
}

// shouldRestoreDeleted reports whether to restore and adopt an experiment that another resource of this apply has deleted. That resource
// was probably renamed: in the opposite order of operations, adopt_existing would have found the experiment.
func (c creator) shouldRestoreDeleted() bool {
	e := c.lock.Deleted
	return e.ID != "" && c.plan.AdoptExisting.ValueBool() && c.plan.IfDeleted.ValueString() != ifDeletedSupersede &&
		c.hasDeclaredArtifacts(e) && c.hasDeclaredTraces(e)
}

// restoreDeleted restores that experiment, and renames it if the server restored it with another name.
func (c creator) restoreDeleted(ctx context.Context) (mlflow.Experiment, bool) {
	e := c.lock.Deleted
	object := framework.DescribeExperiment(e.ID, c.name())
	if err := c.client.RestoreExperiment(ctx, e.ID); err != nil {
		framework.AddError(c.diags, "restore experiment", object, err, "Another resource deleted the experiment in this apply, and "+
			"adopt_existing = true restores it. Restore the experiment in the workspace, then apply again.")
		return e, false
	}
	c.diags.AddWarning("Experiment deleted and restored", fmt.Sprintf("%s was deleted in this apply by another resource, or to replace "+
		"this one, and restored with its runs because adopt_existing = true.\n\nIf you only renamed a resource, use a moved block: then "+
		"nothing is deleted. To create a new, empty experiment, remove adopt_existing.", framework.UpperFirst(object)))
	restored, err := c.client.GetExperiment(ctx, e.ID)
	if err == nil && c.client.NormalizeName(restored.Name) != c.client.NormalizeName(c.name()) {
		err = c.client.RenameExperiment(ctx, e.ID, c.name())
	}
	if err != nil {
		framework.AddWarning(c.diags, "verify the name of the restored experiment", object, err, "If the name differs, the next plan shows it.")
	}
	return e, true
}

// claim claims an experiment to adopt. It adds an error if another resource of this apply has claimed it.
func (c creator) claim(e mlflow.Experiment) bool {
	if c.run.Claim(e.ID) {
		return true
	}
	addClaimedError(c.diags, e)
	return false
}

// addClaimedError reports that another resource of this apply manages the experiment.
func addClaimedError(diags *diag.Diagnostics, e mlflow.Experiment) {
	diags.Append(plannedExperiment.DuplicateError(framework.DescribeExperiment(e.ID, e.Name)))
}

// checkNotPendingDelete adds an error if another resource of this apply failed to delete the experiment: the next apply would try again,
// and delete the adopted experiment.
func (c creator) checkNotPendingDelete(e mlflow.Experiment) bool {
	if c.lock.FailedDelete != e.ID {
		return true
	}
	c.diags.AddAttributeError(path.Root("adopt_existing"), "Could not adopt experiment", fmt.Sprintf(
		"%s is still managed by a resource that is no longer in the configuration. This apply failed to delete it, and the next apply would try "+
			"again.\n\nIf you only renamed that resource, changed its for_each key, or moved it to another module, add a moved block from the old "+
			"address to the new one. Then nothing is deleted. Otherwise, apply again when it can be deleted.",
		framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name))))
	return false
}
