package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// A block that gets another label, key or module without a moved block looks like two: one that goes and one that comes, and both are about
// the same experiment. What is here keeps that from costing the experiment.

// plannedAction is what a plan has for the experiment of a block.
type plannedAction int

const (
	planCreate plannedAction = iota
	planKeep                 // or change
	planDelete
)

// notePlanned notes what one block plans for its experiment, and tells when another block of the plan is at odds with it. Blocks are planned in
// any order, so whichever of the two comes last is told. What is there goes by its name in the state, what is to come by the planned one.
func (r *experimentResource) notePlanned(diags *diag.Diagnostics, m experimentModel, action plannedAction) {
	if r.client() == nil || m.Name.IsUnknown() {
		return
	}
	lock := r.nameLock(m.Name.ValueString())
	lock.Lock()
	defer lock.Unlock()
	switch {
	case action == planCreate:
		lock.PlannedCreate = !m.AdoptExisting.ValueBool() // else the new block keeps the experiment
	case action == planKeep:
		lock.PlannedKeep = m.ID.ValueString()
	case m.DeletionPolicy.ValueString() != deletionRetain:
		lock.PlannedDelete = m.ID.ValueString()
	}
	switch object := named(lock.PlannedDelete, m.Name.ValueString()); {
	case lock.PlannedDelete == "":
	case lock.PlannedDelete == lock.PlannedKeep:
		diags.AddError("Could not plan: two blocks have the same experiment", fmt.Sprintf("%s is in the state twice. One of the blocks is no longer there, so this plan would "+
			"delete the experiment that the other one goes on managing. An apply that was interrupted while the block got another label, key or module can leave that "+
			"behind.\n\nTake the old block out of the state without deleting anything, with\n\n  terraform state rm ADDRESS-OF-THE-OLD-BLOCK\n\nor with a removed block "+
			"whose lifecycle has destroy = false. If it is a deposed object of the same block, take that block out in this way and import it again.", upperFirst(object)))
	case lock.PlannedCreate:
		diags.AddWarning("Experiment would be deleted and created anew", fmt.Sprintf("This plan deletes %s with its runs, for a block that is no longer there, and "+
			"creates an experiment of the same name for another block. If the block only got another label, key or module, add a moved block from the old address "+
			"to the new one: then nothing is deleted.", object))
	}
}

// takesBack tells whether an experiment that another block of this apply deleted is to be taken over all the same: the block was given
// another label, and had the two come in the other order, adopt_existing would have found it.
func (o obtaining) takesBack() bool {
	return o.lock.Deleted.ID != "" && o.plan.AdoptExisting.ValueBool() && o.plan.IfDeleted.ValueString() != ifDeletedSupersede && o.fits(o.lock.Deleted)
}

// takeBack restores the experiment, and puts it back where it was if it comes back under another name.
func (o obtaining) takeBack(ctx context.Context) (mlflow.Experiment, bool) {
	e := o.lock.Deleted
	if err := o.client.RestoreExperiment(ctx, e.ID); err != nil {
		addError(o.diags, "restore experiment", named(e.ID, o.name()), err, "Another block deleted it in this same apply, and adopt_existing takes it back. "+
			"Restore it in the workspace, then apply again.")
		return e, false
	}
	o.diags.AddWarning("Experiment was deleted and restored", fmt.Sprintf("%s was deleted by another block in this same apply, or by the replacement of this one, "+
		"and taken back with its runs, since adopt_existing = true. When a block only gets another label, a moved block spares that. To get a new, empty "+
		"experiment, leave adopt_existing out.", upperFirst(named(e.ID, o.name()))))
	restored, err := o.client.GetExperiment(ctx, e.ID)
	if err == nil && o.client.NormalizeName(restored.Name) != o.client.NormalizeName(o.name()) {
		err = o.client.RenameExperiment(ctx, e.ID, o.name())
	}
	if err != nil {
		addWarning(o.diags, "make sure that the restored experiment has its name", named(e.ID, o.name()), err, "The next plan shows the name, if it differs.")
	}
	return e, true
}

// isFree refuses an experiment that another block of this apply was to delete and could not: the next apply would try again, and delete
// what was taken over.
func (o obtaining) isFree(e mlflow.Experiment) bool {
	if o.lock.FailedDelete != e.ID {
		return true
	}
	o.diags.AddAttributeError(path.Root("adopt_existing"), "Could not take over experiment", fmt.Sprintf(
		"%s still belongs to another block, which is no longer in the configuration. Deleting it failed just now, and the next apply would try again.\n\n"+
			"If that block only got another label, key or module, add a moved block from the old address to the new one: nothing is deleted then. "+
			"Otherwise apply again once it can be deleted.", upperFirst(named(e.ID, e.Name))))
	return false
}
