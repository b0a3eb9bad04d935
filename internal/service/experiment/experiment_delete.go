package experiment

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// The deletion policy is checked at plan, since Terraform destroys what depends on an experiment, such as its grants, before the experiment itself. It
// is checked again in Delete: the experiment may have got its first run since the plan.

const renamedAdvice = "If you only renamed the resource, changed its for_each key, or moved it to another module, add a moved block instead."

// checkDestroy reports at plan what the deletion policy in the state prevents, and what would be deleted with the experiment.
func (r *experimentResource) checkDestroy(ctx context.Context, private framework.PrivateState, diags *diag.Diagnostics, state experimentModel) {
	switch policy := state.deletionPolicy(); {
	case policy == deletionPrevent:
		addPreventedError(diags, state)
	case r.Client() == nil, policy == deletionRetain:
	case !r.CheckServer(ctx, private, "destroy experiment", state.remembered(), diags):
	case policy == deletionDeleteIfEmpty:
		if content := r.describeContent(ctx, state); content != "" && r.isActive(ctx, state) {
			addNotEmptyError(diags, state, content)
		}
	case policy == deletionDelete:
		if content := r.describeContent(ctx, state); content != "" {
			diags.AddWarning("Experiment would be deleted with its content", fmt.Sprintf("This plan deletes %s, as its deletion_policy = \"delete\" allows. %s\n\n"+
				"To keep it on the server, apply deletion_policy = \"retain\" first. %s", framework.DescribeExperiment(state.ID.ValueString(), state.Name.ValueString()), content, renamedAdvice))
		}
	}
}

// describeContent describes in a sentence what an experiment contains. It is empty if the experiment is. What cannot be determined counts as content.
func (r *experimentResource) describeContent(ctx context.Context, state experimentModel) string {
	content, err := r.Client().ExperimentContent(ctx, state.ID.ValueString())
	switch {
	case err != nil:
		return fmt.Sprintf("Whether it is empty could not be determined: %s.", strings.TrimSuffix(err.Error(), "."))
	case !content.IsEmpty():
		return fmt.Sprintf("It contains %s.", content)
	}
	return ""
}

// isActive reports whether the experiment in the state is still there. Without a refresh, a plan may destroy one that is not, which may contain runs
// all the same. If it cannot be determined, the experiment counts as active.
func (r *experimentResource) isActive(ctx context.Context, state experimentModel) bool {
	e, err := r.Client().GetExperiment(ctx, state.ID.ValueString())
	reason, err := goneBecause(state, e, err)
	return err != nil || reason == ""
}

// addPreventedError reports that the last applied policy protects the experiment.
func addPreventedError(diags *diag.Diagnostics, state experimentModel) {
	diags.AddAttributeError(path.Root("deletion_policy"), "Could not destroy experiment", fmt.Sprintf(
		"%s is protected by deletion_policy = \"prevent\". Nothing was deleted.\n\nTo delete it, apply deletion_policy = \"delete\" first, then destroy it. To only "+
			"remove it from the state, apply deletion_policy = \"retain\" first, or use a removed block with destroy = false. %s",
		framework.UpperFirst(framework.DescribeExperiment(state.ID.ValueString(), state.Name.ValueString())), renamedAdvice))
}

// addNotEmptyError reports that the experiment is not empty, or that it could not be determined.
func addNotEmptyError(diags *diag.Diagnostics, state experimentModel, content string) {
	diags.AddAttributeError(path.Root("deletion_policy"), "Could not destroy experiment", fmt.Sprintf(
		"%s is only deleted if it is empty: its deletion_policy is \"delete_if_empty\", the default. %s Nothing was deleted.\n\nTo delete it with its content, "+
			"apply deletion_policy = \"delete\" first, then destroy it. To only remove it from the state, apply deletion_policy = \"retain\" first, or use a "+
			"removed block with destroy = false. %s",
		framework.UpperFirst(framework.DescribeExperiment(state.ID.ValueString(), state.Name.ValueString())), content, renamedAdvice))
}

// Delete does what the last applied policy says. It looks first, and an experiment that is gone already is a success.
func (r *experimentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.UseStateWorkspace(state.Workspace)
	policy := state.deletionPolicy()
	if policy == deletionPrevent {
		addPreventedError(&resp.Diagnostics, state)
	}
	if resp.Diagnostics.HasError() || policy == deletionRetain ||
		!r.CheckServer(ctx, req.Private, "delete experiment", state.remembered(), &resp.Diagnostics) {
		return
	}
	id, name := state.ID.ValueString(), state.Name.ValueString()
	lock := r.Provider.Run.NameLock(r.Client(), name)
	lock.Lock()
	defer lock.Unlock()
	if r.Provider.Run.IsClaimed(id) {
		resp.Diagnostics.AddWarning("Experiment removed from state, not deleted", fmt.Sprintf(
			"%s was created or adopted by another resource in this apply, which now manages it.", framework.UpperFirst(framework.DescribeExperiment(id, name))))
		return
	}
	var e mlflow.Experiment
	defer func() {
		if resp.Diagnostics.HasError() && !isSomebodyElse(state, e) {
			lock.FailedDelete = id
		}
	}()
	e, err := r.Client().GetExperiment(ctx, id)
	switch {
	case rest.IsNotFound(err), err == nil && e.Deleted():
		return
	case err != nil:
		framework.AddError(&resp.Diagnostics, "delete experiment", framework.DescribeExperiment(id, name), err)
		return
	case isSomebodyElse(state, e):
		resp.Diagnostics.AddError("Could not delete experiment", fmt.Sprintf("%s is another one now: its id was used again. Nothing was deleted. "+
			"Run plan again, which drops it from the state.", framework.UpperFirst(framework.DescribeExperiment(id, name))))
		return
	case policy == deletionDeleteIfEmpty:
		if content := r.describeContent(ctx, state); content != "" {
			addNotEmptyError(&resp.Diagnostics, state, content)
			return
		}
	}
	if err := r.Client().DeleteExperiment(ctx, id); err != nil && !rest.IsNotFound(err) {
		framework.AddError(&resp.Diagnostics, "delete experiment", framework.DescribeExperiment(id, name), err, r.Client().FolderAdvice(err)...)
		return
	}
	lock.Deleted = e
}
