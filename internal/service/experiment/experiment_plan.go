package experiment

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// ModifyPlan validates the plan, keeps equivalent spellings of the state, plans a replacement if it is needed, and sets tags_all.
func (r *experimentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, config, plan experimentModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		r.UseStateWorkspace(state.Workspace)
		r.recordPlannedAction(&resp.Diagnostics, state.ID.ValueString(), &state, nil)
		if !resp.Diagnostics.HasError() {
			r.checkDestroy(ctx, req.Private, &resp.Diagnostics, state)
		}
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	moves := r.PlanWorkspace(ctx, req, state.workspaceObject(plan), resp)
	plan.TagsAll = framework.MergeTags(r.Provider.DefaultTags, plan.Tags)
	resp.Diagnostics.Append(warnUndeclared(ctx, req.Private, state, plan)...)
	client := r.Provider.Client
	if client != nil { // the checks are the same in all workspaces
		resp.Diagnostics.Append(checkExperiment(config, client)...)
	}
	plan.TraceLocation = planTraceLocation(config.TraceLocation, state.TraceLocation, req.State.Raw.IsNull() && plan.mayFindTraces(client))
	if !req.State.Raw.IsNull() && !resp.Diagnostics.HasError() {
		keepSpelling(r.Rules(ctx, req.Private), &plan, config, state)
		r.planReplacement(ctx, req, plan, state, moves, resp)
	}
	if r.Client() != nil {
		if id := addressID(ctx, req, resp, state); req.State.Raw.IsNull() {
			r.recordPlannedAction(&resp.Diagnostics, id, nil, &plan)
			r.checkReplaceOption(ctx, req.Private, &resp.Diagnostics, id, plan)
		} else if len(resp.RequiresReplace) == 0 {
			r.recordPlannedAction(&resp.Diagnostics, id, &state, &plan)
			r.Provider.Run.KeepInPlace(id, experimentModel{
				ID: state.ID, Name: state.Name, CreationTime: state.CreationTime, DeletionPolicy: state.DeletionPolicy,
			})
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

const addressIDKey = "address_id"

// addressID returns the ID of the experiment at a resource address, empty if there is none. The CLI plans a replacement twice, the second
// time without the state, but with the private state of the first time.
func addressID(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, state experimentModel) string {
	if req.State.Raw.IsNull() {
		value, diags := req.Private.GetKey(ctx, addressIDKey)
		resp.Diagnostics.Append(diags...)
		id, _ := strconv.Unquote(string(value))
		return id
	}
	id := state.ID.ValueString()
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, addressIDKey, strconv.AppendQuote(nil, id))...)
	return id
}

// checkReplaceOption checks the destruction of an experiment that is replaced with -replace or replace_triggered_by. The first plan of the
// address keeps the experiment, but the CLI plans it a second time, without the state.
func (r *experimentResource) checkReplaceOption(
	ctx context.Context, private framework.PrivateState, diags *diag.Diagnostics, id string, plan experimentModel,
) {
	state, kept := r.Provider.Run.TakeKeptInPlace(id).(experimentModel)
	if !kept {
		return
	}
	isRestored := plan.AdoptExisting.ValueBool() || plan.IfDeleted.ValueString() == ifDeletedRestore
	if reason := r.replacementBlocker(plan, state, false, "Plan without replacing it"); reason != "" && !isRestored {
		diags.AddError("Could not replace experiment", framework.UpperFirst(state.object())+" would be deleted and recreated. "+reason)
		return
	}
	r.checkDestroy(ctx, private, diags, state)
}

// checkExperiment adds an error at each attribute that the server would reject.
func checkExperiment(config experimentModel, client *mlflow.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	if name := config.Name; !name.IsUnknown() {
		if err := client.CheckName(name.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("name"), "Invalid experiment name", framework.UpperFirst(err.Error())+".")
		}
	}
	if location := config.ArtifactLocation; !location.IsUnknown() && !location.IsNull() {
		if err := client.CheckArtifactLocation(location.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("artifact_location"), "Invalid artifact location", framework.UpperFirst(err.Error())+".")
		}
	}
	description := mlflow.Tag{Key: mlflow.TagDescription, Value: config.Description.ValueString()}
	if err := client.CheckTag(description); err != nil {
		diags.AddAttributeError(path.Root("description"), "Invalid description", framework.UpperFirst(err.Error())+".")
	}
	diags.Append(checkTraceLocation(config.TraceLocation, client)...)
	diags.Append(framework.CheckTags(path.Root("tags"), config.Tags, client)...)
	return diags
}

// keepSpelling keeps the spelling of the state if the configuration has an equivalent one, so that a different spelling plans no change.
func keepSpelling(rules mlflow.NameRules, plan *experimentModel, config, state experimentModel) {
	normalize := rules.NormalizeName
	if !config.Name.IsUnknown() && normalize(config.Name.ValueString()) == normalize(state.Name.ValueString()) {
		plan.Name = state.Name
	}
	location := config.ArtifactLocation
	if !location.IsNull() && !location.IsUnknown() && sameArtifactLocation(location.ValueString(), state.ArtifactLocation.ValueString()) {
		plan.ArtifactLocation = state.ArtifactLocation
	}
}

// replacement is why a plan replaces an experiment, and how to keep the experiment.
type replacement struct {
	at path.Path
	// subject is what cannot be changed; undo is what to do about it.
	subject, undo string
}

// replacementBy returns why the experiment in a state cannot become the planned one; ok is false if it can.
func replacementBy(plan, state experimentModel, moves bool) (by replacement, ok bool) {
	if moves {
		undo := "remove workspace from the configuration"
		if !state.Workspace.IsNull() {
			undo = fmt.Sprintf("set workspace back to %q", state.Workspace.ValueString())
		}
		return replacement{path.Root(framework.AttributeWorkspace), "workspace", undo}, true
	}
	if !plan.ArtifactLocation.IsUnknown() && !state.ArtifactLocation.IsNull() && !plan.ArtifactLocation.Equal(state.ArtifactLocation) {
		return replacement{path.Root("artifact_location"), "artifact location", fmt.Sprintf(
			"set artifact_location back to %q, or remove it from the configuration", state.ArtifactLocation.ValueString())}, true
	}
	declared, isDeclared := knownTraceLocation(plan.TraceLocation)
	bound, isBound := knownTraceLocation(state.TraceLocation)
	if isDeclared && isBound && !declared.isBoundTo(bound.tables()) {
		return replacement{path.Root(attributeTraceLocation), "trace location", fmt.Sprintf(
			"set trace_location back to %s, or remove it from the configuration", bound.configuration())}, true
	}
	return replacement{}, false
}

// planReplacement plans a replacement if a known artifact or trace location differs, or if the experiment moves to another workspace. It
// adds an error if the old experiment could not be deleted, or would still reserve the name.
func (r *experimentResource) planReplacement(
	ctx context.Context, req resource.ModifyPlanRequest, plan, state experimentModel, moves bool, resp *resource.ModifyPlanResponse,
) {
	by, ok := replacementBy(plan, state, moves)
	if !ok {
		checkBinding(plan, state, &resp.Diagnostics)
		return
	}
	resp.RequiresReplace.Append(by.at)
	intro := fmt.Sprintf("The %s of %s cannot be changed, so this plan", by.subject, state.object())
	blocker, content := r.unreviewedBlocker(ctx, req, state), ""
	if blocker == "" {
		blocker = r.replacementBlocker(plan, state, moves, framework.UpperFirst(by.undo))
	}
	if blocker == "" && state.deletionPolicy() != deletionRetain {
		content = r.describeContent(ctx, state)
	}
	if content != "" && (state.deletionPolicy() == deletionDeleteIfEmpty || plan.deletionPolicy() == deletionDeleteIfEmpty) {
		blocker = fmt.Sprintf("deletion_policy = \"delete_if_empty\", the default, allows that only if the experiment is empty. "+
			"%s\n\nTo keep the experiment, %s. To delete it with its content, apply deletion_policy = \"delete\" first.", content, by.undo)
	}
	switch {
	case blocker != "":
		resp.Diagnostics.AddAttributeError(by.at, "Could not replace experiment",
			intro+" would delete the experiment and create a new one. "+blocker)
	case content != "":
		resp.Diagnostics.AddAttributeWarning(by.at, "Experiment would be deleted with its content", fmt.Sprintf("%s deletes the "+
			"experiment and creates a new, empty one. %s\n\nTo keep the experiment, %s. To prevent replacements like this one, set "+
			"deletion_policy = \"prevent\".", intro, content, by.undo))
	}
}

// unreviewedBlocker returns why a replacement is not planned if no earlier plan showed it; empty otherwise. Before it applies an update,
// the CLI plans it once more with the values that were unknown. If a location is then a different one, the plan would delete the experiment
// without a review, and the CLI would report an inconsistent plan. That second plan is in a run that did not refresh the experiment.
func (r *experimentResource) unreviewedBlocker(ctx context.Context, req resource.ModifyPlanRequest, state experimentModel) string {
	switch {
	case r.Client() == nil:
		return "The provider cannot check yet whether it can be deleted. " + r.Provider.UnknownConfigDetail()
	case r.IsUnreviewedPlan(ctx, req.Private, state.ID.ValueString()):
		return "The location was unknown when this was planned, or the plan did not refresh the state. Nothing was changed.\n\nRun " +
			"plan again, without -refresh=false: it shows what the replacement deletes."
	}
	return ""
}

// replacementBlocker returns why an experiment cannot be replaced, regardless of its content; empty if it can. undo is how to keep it. An
// experiment that moves to another workspace does not reserve the name there.
func (r *experimentResource) replacementBlocker(plan, state experimentModel, moves bool, undo string) string {
	for _, policy := range []string{state.deletionPolicy(), plan.deletionPolicy()} {
		switch {
		case policy == deletionPrevent:
			return "deletion_policy = \"prevent\" does not allow that.\n\n" + undo + ", or apply another policy first."
		case policy == deletionRetain && !moves:
			return "With deletion_policy = \"retain\", the old experiment would still use the name.\n\n" + undo + ", or declare a " +
				"second resource with another name for the new experiment."
		}
	}
	sameName := !plan.Name.IsUnknown() && plan.Name.Equal(state.Name) && !moves && !plan.Workspace.IsUnknown()
	if sameName && r.Client().DeletedKeepName() && plan.IfDeleted.ValueString() != ifDeletedSupersede {
		return "On " + r.Client().BackendName() + ", a deleted experiment reserves its name, so the new one could not be " +
			"created.\n\nSet if_deleted = \"supersede\" to rename the old experiment, or change the name as well."
	}
	return ""
}
