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

// ModifyPlan refuses what could not be applied, keeps spellings that mean the same, decides about replacement, and plans tags_all.
func (r *experimentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, config, plan experimentModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		r.UseStateWorkspace(state.Workspace)
		r.notePlanned(&resp.Diagnostics, state.ID.ValueString(), &state, nil)
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
	moves := r.PlanWorkspace(ctx, req, state.placed(plan), resp)
	plan.TagsAll = framework.MergeTags(r.Provider.DefaultTags, plan.Tags)
	resp.Diagnostics.Append(warnUndeclared(ctx, req.Private, state, plan)...)
	client := r.Provider.Client
	if client != nil { // what is refused is the same in all workspaces
		resp.Diagnostics.Append(checkExperiment(config, client)...)
	}
	plan.TraceLocation = planTraceLocation(config.TraceLocation, state.TraceLocation, req.State.Raw.IsNull() && plan.mayFindTraces(client))
	if !req.State.Raw.IsNull() && !resp.Diagnostics.HasError() {
		keepSpelling(r.Rules(ctx, req.Private), &plan, config, state)
		r.planReplacement(ctx, req, plan, state, moves, resp)
	}
	if r.Client() != nil {
		if id := addressID(ctx, req, resp, state); req.State.Raw.IsNull() {
			r.notePlanned(&resp.Diagnostics, id, nil, &plan)
			r.checkReplaceOption(ctx, req.Private, &resp.Diagnostics, id, plan)
		} else if len(resp.RequiresReplace) == 0 {
			r.notePlanned(&resp.Diagnostics, id, &state, &plan)
			r.Provider.Run.KeepInPlace(id, experimentModel{
				ID: state.ID, Name: state.Name, CreationTime: state.CreationTime, DeletionPolicy: state.DeletionPolicy,
			})
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

const addressIDKey = "address_id"

// addressID returns the ID of the experiment that a resource address has, empty if it has none. For a replacement the CLI plans twice, the second
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

// checkReplaceOption checks the destruction of an experiment that the user replaces, with -replace or replace_triggered_by: the first plan of the
// address keeps it, and there is a second one all the same, without the state.
func (r *experimentResource) checkReplaceOption(ctx context.Context, private framework.PrivateState, diags *diag.Diagnostics, id string, plan experimentModel) {
	state, kept := r.Provider.Run.TakeKeptInPlace(id).(experimentModel)
	if !kept {
		return
	}
	comesBack := plan.AdoptExisting.ValueBool() || plan.IfDeleted.ValueString() == ifDeletedRestore
	if why := r.refuseReplacement(plan, state, false, "Plan without replacing it"); why != "" && !comesBack {
		diags.AddError("Could not replace experiment", fmt.Sprintf("%s would be deleted and created again. %s", framework.UpperFirst(framework.DescribeExperiment(id, state.Name.ValueString())), why))
		return
	}
	r.checkDestroy(ctx, private, diags, state)
}

// checkExperiment refuses, at the attribute, what the server would refuse.
func checkExperiment(config experimentModel, client *mlflow.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	if name := config.Name; !name.IsUnknown() {
		if err := client.CheckName(name.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("name"), "Experiment name not allowed", framework.UpperFirst(err.Error())+".")
		}
	}
	if location := config.ArtifactLocation; !location.IsUnknown() && !location.IsNull() {
		if err := client.CheckArtifactLocation(location.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("artifact_location"), "Artifact location not allowed", framework.UpperFirst(err.Error())+".")
		}
	}
	description := mlflow.Tag{Key: mlflow.TagDescription, Value: config.Description.ValueString()}
	if err := client.CheckTag(description); err != nil {
		diags.AddAttributeError(path.Root("description"), "Description not allowed", framework.UpperFirst(err.Error())+".")
	}
	diags.Append(checkTraceLocation(config.TraceLocation, client)...)
	diags.Append(framework.CheckTags(path.Root("tags"), config.Tags, client)...)
	return diags
}

// keepSpelling keeps the state's spelling of what means the same, so that a mere respelling plans nothing.
func keepSpelling(rules mlflow.NameRules, plan *experimentModel, config, state experimentModel) {
	normalize := rules.NormalizeName
	if !config.Name.IsUnknown() && normalize(config.Name.ValueString()) == normalize(state.Name.ValueString()) {
		plan.Name = state.Name
	}
	location := config.ArtifactLocation
	if !location.IsNull() && !location.IsUnknown() && sameLocation(location.ValueString(), state.ArtifactLocation.ValueString()) {
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

// planReplacement replaces the experiment when a known artifact or trace location differs, or when it moves to another workspace. It refuses when the old one
// could not be deleted, or would go on holding the name.
func (r *experimentResource) planReplacement(
	ctx context.Context, req resource.ModifyPlanRequest, plan, state experimentModel, moves bool, resp *resource.ModifyPlanResponse,
) {
	by, ok := replacementBy(plan, state, moves)
	if !ok {
		refuseBinding(plan, state, &resp.Diagnostics)
		return
	}
	resp.RequiresReplace.Append(by.at)
	what := fmt.Sprintf("The %s of %s cannot be changed, so this plan", by.subject, framework.DescribeExperiment(state.ID.ValueString(), state.Name.ValueString()))
	refusal, content := r.refuseUnseen(ctx, req, state), ""
	if refusal == "" {
		refusal = r.refuseReplacement(plan, state, moves, framework.UpperFirst(by.undo))
	}
	if refusal == "" && state.deletionPolicy() != deletionRetain {
		content = r.describeContent(ctx, state)
	}
	if content != "" && (state.deletionPolicy() == deletionDeleteIfEmpty || plan.deletionPolicy() == deletionDeleteIfEmpty) {
		refusal = fmt.Sprintf("deletion_policy = \"delete_if_empty\", the default, allows that only if the experiment is empty. %s\n\nTo keep the experiment, %s. "+
			"To delete the experiment with its content, apply deletion_policy = \"delete\" first.", content, by.undo)
	}
	switch {
	case refusal != "":
		resp.Diagnostics.AddAttributeError(by.at, "Could not replace experiment", what+" would delete the experiment and create a new one. "+refusal)
	case content != "":
		resp.Diagnostics.AddAttributeWarning(by.at, "Experiment would be deleted with its content", fmt.Sprintf("%s deletes the experiment and creates a new, empty one. "+
			"%s\n\nTo keep the experiment, %s. To prevent replacements like this one, set deletion_policy = \"prevent\".", what, content, by.undo))
	}
}

// refuseUnseen refuses a replacement that no plan showed. Before it applies an update, the CLI plans it once more with the values that were unknown: a
// location that turns out to be another one then would delete the experiment unseen, and be an error of the CLI. That plan comes in a run that did
// not refresh the experiment, though an earlier one did.
func (r *experimentResource) refuseUnseen(ctx context.Context, req resource.ModifyPlanRequest, state experimentModel) string {
	switch {
	case r.Client() == nil:
		return "Whether it can be deleted is not known yet. " + r.Provider.UnknownConfigDetail()
	case r.IsUnreviewedPlan(ctx, req.Private, state.ID.ValueString()):
		return "The location was unknown when this was planned, or the plan did not refresh the state. Nothing was changed. Run plan again, without " +
			"-refresh=false: it shows what the replacement deletes."
	}
	return ""
}

// refuseReplacement returns what stands against replacing an experiment, whatever it contains; empty if nothing does. undo is how to keep it. Where the
// experiment moves to another workspace, the old one does not stand in the way of the new one.
func (r *experimentResource) refuseReplacement(plan, state experimentModel, moves bool, undo string) string {
	for _, policy := range []string{state.deletionPolicy(), plan.deletionPolicy()} {
		switch {
		case policy == deletionPrevent:
			return "deletion_policy = \"prevent\" forbids it. " + undo + ", or apply another policy first."
		case policy == deletionRetain && !moves:
			return "deletion_policy = \"retain\" would leave the old one with the name. " + undo + ", or give the new experiment a resource and a name of its own."
		}
	}
	sameName := !plan.Name.IsUnknown() && plan.Name.Equal(state.Name) && !moves && !plan.Workspace.IsUnknown()
	if sameName && r.Client().DeletedKeepName() && plan.IfDeleted.ValueString() != ifDeletedSupersede {
		return "On " + r.Client().BackendName() + " a deleted experiment keeps its name, so the new one could not be created. Set if_deleted = \"supersede\" to rename " +
			"the old one aside, or change the name as well."
	}
	return ""
}
