package experiment

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// A resource that is renamed, gets another for_each key, or is moved to another module without a moved block looks like two: one is destroyed and one
// is created, and both are about the same experiment. What is here keeps that from costing the experiment.

// notePlanned records what one resource plans for its experiment, and reports where another resource of the plan is at odds with it. Resources are
// planned in any order, so the last one reports it. id is the ID of the experiment of the address, also where a create replaces it.
func (r *experimentResource) notePlanned(diags *diag.Diagnostics, id string, state, plan *experimentModel) {
	switch {
	case r.Client() == nil:
	case plan == nil:
		if !state.Name.IsUnknown() && state.deletionPolicy() != deletionRetain {
			r.recordUse(diags, framework.PlannedUse{Action: framework.PlanDelete, ID: id, Name: state.Name.ValueString()})
		}
	case plan.Name.IsUnknown():
	case state == nil:
		r.recordUse(diags, framework.PlannedUse{Action: framework.PlanCreate, ID: id, Name: plan.Name.ValueString(), Adopts: plan.AdoptExisting.ValueBool()})
	case r.Client().NormalizeName(state.Name.ValueString()) == r.Client().NormalizeName(plan.Name.ValueString()):
		r.recordUse(diags, framework.PlannedUse{Action: framework.PlanKeep, ID: id, Name: plan.Name.ValueString()})
	default:
		r.recordUse(diags, framework.PlannedUse{Action: framework.PlanRenameFrom, ID: id, Name: state.Name.ValueString()})
		r.recordUse(diags, framework.PlannedUse{Action: framework.PlanRenameTo, ID: id, Name: plan.Name.ValueString()})
	}
}

// recordUse adds one use of a name to those that this run planned, and reports the first of them that it conflicts with.
func (r *experimentResource) recordUse(diags *diag.Diagnostics, use framework.PlannedUse) {
	lock := r.Provider.Run.NameLock(r.Client(), use.Name)
	lock.Lock()
	defer lock.Unlock()
	lock.Planned = append(lock.Planned, use)
	for _, other := range lock.Planned[:len(lock.Planned)-1] {
		if d := plannedConflict(use, other); d != nil {
			diags.Append(d)
			return
		}
	}
}

// plannedConflict explains why two resources of a plan can't both have what they plan for a name; nil if they can.
func plannedConflict(a, b framework.PlannedUse) diag.Diagnostic {
	if b.Action == framework.PlanDelete || b.Action == framework.PlanRenameFrom && a.Action != framework.PlanDelete {
		a, b = b, a // a gives the name up, if one of the two does
	}
	switch sameExperiment := a.ID != "" && a.ID == b.ID; {
	case a.Action == framework.PlanDelete && b.Action != framework.PlanDelete && sameExperiment:
		return diag.NewErrorDiagnostic("Experiment is managed by two resources", fmt.Sprintf("%s is in the state under two resource addresses, one of which is no "+
			"longer in the configuration. This plan would delete the experiment that the other one still manages. An apply that was interrupted while the "+
			"resource was renamed can cause this.\n\nRemove the old address from the state:\n\n  terraform state rm OLD_ADDRESS\n\nor with a removed block whose "+
			"lifecycle has destroy = false. If it is a deposed object of the same resource, remove that resource from the state in this way and import it again.",
			framework.UpperFirst(framework.DescribeExperiment(a.ID, a.Name))))
	case a.Action == framework.PlanDelete && b.Action == framework.PlanCreate && !b.Adopts:
		return diag.NewWarningDiagnostic("Experiment would be deleted and recreated", fmt.Sprintf("This plan deletes %s with its runs, because a resource is no longer in "+
			"the configuration, and creates an experiment with the same name for another resource. If you only renamed the resource, changed its for_each key, "+
			"or moved it to another module, add a moved block from the old address to the new one. Then nothing is deleted.", framework.DescribeExperiment(a.ID, a.Name)))
	case (a.Action == framework.PlanDelete && b.Action == framework.PlanRenameTo || a.Action == framework.PlanRenameFrom && b.HasNameAfterApply()) && !sameExperiment:
		return diag.NewErrorDiagnostic("Experiment name is still in use", fmt.Sprintf("This plan renames or deletes %s, and gives its name to another experiment. "+
			"Terraform runs the two operations in any order, so the name may still be in use.\n\nUse two applies: first rename or delete that experiment, for "+
			"example with terraform apply -target=ADDRESS, then apply the rest. To swap two names, first rename one of the experiments to a temporary name.",
			framework.DescribeExperiment(a.ID, a.Name)))
	case a.HasNameAfterApply() && b.HasNameAfterApply() && !sameExperiment:
		return diag.NewAttributeErrorDiagnostic(path.Root("name"), "Duplicate experiment name", fmt.Sprintf("Two resources in the configuration declare the same "+
			"experiment, one as %q and one as %q. An experiment can be managed by only one resource.\n\nRemove one of the two resources, or change its name.",
			b.Name, a.Name))
	}
	return nil
}

// takesBack reports whether an experiment that another block of this apply deleted is to be taken over all the same: the block was given
// another label, and had the two come in the other order, adopt_existing would have found it.
func (o obtaining) takesBack() bool {
	e := o.lock.Deleted
	return e.ID != "" && o.plan.AdoptExisting.ValueBool() && o.plan.IfDeleted.ValueString() != ifDeletedSupersede && o.hasDeclaredLocation(e) && o.hasDeclaredTraces(e)
}

// takeBack restores the experiment, and puts it back where it was if it comes back under another name.
func (o obtaining) takeBack(ctx context.Context) (mlflow.Experiment, bool) {
	e := o.lock.Deleted
	if err := o.client.RestoreExperiment(ctx, e.ID); err != nil {
		framework.AddError(o.diags, "restore experiment", framework.DescribeExperiment(e.ID, o.name()), err, "Another block deleted it in this same apply, and adopt_existing takes it back. "+
			"Restore it in the workspace, then apply again.")
		return e, false
	}
	o.diags.AddWarning("Experiment was deleted and restored", fmt.Sprintf("%s was deleted by another block in this same apply, or by the replacement of this one, "+
		"and taken back with its runs, since adopt_existing = true. When a block only gets another label, a moved block spares that. To get a new, empty "+
		"experiment, leave adopt_existing out.", framework.UpperFirst(framework.DescribeExperiment(e.ID, o.name()))))
	restored, err := o.client.GetExperiment(ctx, e.ID)
	if err == nil && o.client.NormalizeName(restored.Name) != o.client.NormalizeName(o.name()) {
		err = o.client.RenameExperiment(ctx, e.ID, o.name())
	}
	if err != nil {
		framework.AddWarning(o.diags, "make sure that the restored experiment has its name", framework.DescribeExperiment(e.ID, o.name()), err, "The next plan shows the name, if it differs.")
	}
	return e, true
}

// claim claims an experiment to adopt. It refuses one that another resource of this apply has already.
func (o obtaining) claim(e mlflow.Experiment) bool {
	if o.run.Claim(e.ID) {
		return true
	}
	addClaimedError(o.diags, e)
	return false
}

// addClaimedError reports that another resource of this apply has the experiment.
func addClaimedError(diags *diag.Diagnostics, e mlflow.Experiment) {
	diags.AddAttributeError(path.Root("name"), "Experiment is managed by two resources", fmt.Sprintf("%s was created, adopted, or changed by another resource in this "+
		"apply. An experiment can be managed by only one resource. Nothing was changed for this one.\n\nRemove one of the two resources, or change its name.",
		framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name))))
}

// isFree refuses an experiment that another resource of this apply failed to delete: the next apply would try again, and delete what was adopted.
func (o obtaining) isFree(e mlflow.Experiment) bool {
	if o.lock.FailedDelete != e.ID {
		return true
	}
	o.diags.AddAttributeError(path.Root("adopt_existing"), "Could not take over experiment", fmt.Sprintf(
		"%s is still managed by a resource that is no longer in the configuration. This apply failed to delete it, and the next apply would try "+
			"again.\n\nIf you only renamed that resource, changed its for_each key, or moved it to another module, add a moved block from the old address to the "+
			"new one. Then nothing is deleted. Otherwise, apply again when it can be deleted.", framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name))))
	return false
}
