package experiment

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// The provider checks the deletion policy during plan, because Terraform destroys the dependents of an experiment, such as its grants,
// before the experiment. Delete checks the policy again: the experiment may have its first run since the plan.

const renamedAdvice = "If you only renamed the resource, changed its for_each key, or moved it to another module, add a moved block " +
	"instead."

// checkDestroy adds an error to the plan if the deletion policy in the state prevents the destruction, and a warning if content is deleted.
func (r *experimentResource) checkDestroy(
	ctx context.Context, private framework.PrivateState, diags *diag.Diagnostics, state experimentModel,
) {
	switch policy := state.deletionPolicy(); {
	case policy == deletionPrevent:
		addPreventedError(diags, state)
	case r.Client() == nil, policy == deletionRetain:
	case !r.CheckServer(ctx, private, "delete experiment", state.stateObject(), diags):
	case policy == deletionDeleteIfEmpty:
		if content := r.describeContent(ctx, state); content != "" && r.isActive(ctx, state) {
			addNotEmptyError(diags, state, content)
		}
	case policy == deletionDelete:
		if content := r.describeContent(ctx, state); content != "" {
			diags.AddWarning("Experiment would be deleted with its content", fmt.Sprintf("This plan deletes %s, because its "+
				"deletion_policy is \"delete\". %s\n\nTo keep it on the server, apply deletion_policy = \"retain\" first. %s",
				state.object(), content, renamedAdvice))
		}
	}
}

// describeContent returns a sentence about the content of an experiment, empty if there is none. Undetermined content counts as content.
func (r *experimentResource) describeContent(ctx context.Context, state experimentModel) string {
	content, err := r.Client().ExperimentContent(ctx, state.ID.ValueString())
	switch {
	case err != nil:
		return framework.EndSentences("The provider could not determine whether it is empty: " + err.Error())
	case !content.IsEmpty():
		return fmt.Sprintf("It contains %s.", content)
	}
	return ""
}

// isActive reports whether the experiment in the state still exists and is active. Without a refresh, a plan may destroy a deleted
// experiment that contains runs. An experiment that cannot be read counts as active.
func (r *experimentResource) isActive(ctx context.Context, state experimentModel) bool {
	e, err := r.Client().GetExperiment(ctx, state.ID.ValueString())
	reason, err := missingReason(state, e, err)
	return err != nil || reason == ""
}

// addPreventedError reports that the deletion policy in the state prevents the destruction.
func addPreventedError(diags *diag.Diagnostics, state experimentModel) {
	diags.AddAttributeError(path.Root("deletion_policy"), "Could not destroy experiment", fmt.Sprintf(
		"%s is protected: its deletion_policy is \"prevent\". Nothing was deleted.\n\nTo delete it, apply deletion_policy = \"delete\" first, "+
			"then destroy it. To only remove it from the state, apply deletion_policy = \"retain\" first, or use a removed block with destroy = "+
			"false. %s",
		framework.UpperFirst(state.object()), renamedAdvice))
}

// addNotEmptyError reports that the experiment is not empty, or that this could not be determined.
func addNotEmptyError(diags *diag.Diagnostics, state experimentModel, content string) {
	diags.AddAttributeError(path.Root("deletion_policy"), "Could not destroy experiment", fmt.Sprintf(
		"%s is deleted only if it is empty: its deletion_policy is \"delete_if_empty\", the default. %s Nothing was deleted.\n\nTo delete it "+
			"with its content, apply deletion_policy = \"delete\" first, then destroy it. To only remove it from the state, apply deletion_policy "+
			"= \"retain\" first, or use a removed block with destroy = false. %s",
		framework.UpperFirst(state.object()), content, renamedAdvice))
}

// Delete applies the deletion policy in the state. It reads the experiment first, and succeeds if it no longer exists.
func (r *experimentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.UseStateWorkspace(state.Workspace)
	policy := state.deletionPolicy()
	if policy == deletionPrevent {
		addPreventedError(&resp.Diagnostics, state)
	}
	if resp.Diagnostics.HasError() || policy == deletionRetain ||
		!r.CheckServer(ctx, req.Private, "delete experiment", state.stateObject(), &resp.Diagnostics) {
		return
	}
	id, name := state.ID.ValueString(), state.Name.ValueString()
	lock := r.Provider.Run.NameLock(r.Client(), name)
	lock.Lock()
	defer lock.Unlock()
	if r.Provider.Run.IsClaimed(id) {
		resp.Diagnostics.AddWarning("Experiment removed from state, not deleted", fmt.Sprintf(
			"%s was created or adopted by another resource in this apply, which now manages it.", framework.UpperFirst(state.object())))
		return
	}
	var e mlflow.Experiment
	defer func() {
		if resp.Diagnostics.HasError() && !idReused(state, e) {
			lock.FailedDelete = id
		}
	}()
	e, err := r.Client().GetExperiment(ctx, id)
	switch {
	case rest.IsNotFound(err), err == nil && e.Deleted():
		return
	case err != nil:
		framework.AddError(&resp.Diagnostics, "delete experiment", state.object(), err)
		return
	case idReused(state, e):
		resp.Diagnostics.AddError("Could not delete experiment", fmt.Sprintf("%s no longer exists; its ID now belongs to a different "+
			"experiment. Nothing was deleted.\n\nRun plan again: the refresh removes it from the state.", framework.UpperFirst(state.object())))
		return
	case policy == deletionDeleteIfEmpty:
		if content := r.describeContent(ctx, state); content != "" {
			addNotEmptyError(&resp.Diagnostics, state, content)
			return
		}
	}
	if err := r.Client().DeleteExperiment(ctx, id); err != nil && !rest.IsNotFound(err) {
		framework.AddError(&resp.Diagnostics, "delete experiment", state.object(), err, r.Client().FolderAdvice(err)...)
		return
	}
	lock.Deleted = e
}
