package provider

import (
	"context"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// ModifyPlan refuses what could not be applied, keeps spellings that mean the same, decides about replacement, and plans tags_all.
func (r *experimentResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, config, plan experimentModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		refusePrevented(&resp.Diagnostics, state)
		r.notePlanned(&resp.Diagnostics, state.ID.ValueString(), &state, nil)
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if sameStrings(plan.Tags, state.Tags) {
		plan.Tags = state.Tags // at most a null differs
	}
	plan.TagsAll = mergeTags(r.provider.defaultTags, plan.Tags)
	resp.Diagnostics.Append(warnUndeclared(ctx, req.Private, state, plan)...)
	if r.client() != nil {
		resp.Diagnostics.Append(checkExperiment(config, r.client())...)
		if !req.State.Raw.IsNull() && !resp.Diagnostics.HasError() {
			r.keepSpelling(&plan, config, state)
			r.planReplacement(ctx, plan, state, resp)
		}
		if id := addressID(ctx, req, resp, state); req.State.Raw.IsNull() {
			r.notePlanned(&resp.Diagnostics, id, nil, &plan)
		} else if len(resp.RequiresReplace) == 0 {
			r.notePlanned(&resp.Diagnostics, id, &state, &plan)
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

// refusePrevented refuses to destroy what the last applied policy protects.
func refusePrevented(diags *diag.Diagnostics, state experimentModel) {
	if state.DeletionPolicy.ValueString() != deletionPrevent {
		return
	}
	diags.AddAttributeError(path.Root("deletion_policy"), "Could not destroy experiment",
		fmt.Sprintf("%s is protected by deletion_policy = \"prevent\". To destroy it, set the policy to \"delete\" and apply, then destroy. To only take it "+
			"out of Terraform, set \"retain\" and apply first, or use a removed block.",
			upperFirst(named(state.ID.ValueString(), state.Name.ValueString()))))
}

// checkExperiment refuses, at the attribute, what the server would refuse.
func checkExperiment(config experimentModel, client *mlflow.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	if name := config.Name; !name.IsUnknown() {
		if err := client.CheckName(name.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("name"), "Experiment name not allowed", upperFirst(err.Error())+".")
		}
	}
	if location := config.ArtifactLocation; !location.IsUnknown() && !location.IsNull() {
		if err := client.CheckArtifactLocation(location.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("artifact_location"), "Artifact location not allowed", upperFirst(err.Error())+".")
		}
	}
	description := mlflow.Tag{Key: mlflow.TagDescription, Value: config.Description.ValueString()}
	if err := client.CheckTag(description); err != nil {
		diags.AddAttributeError(path.Root("description"), "Description not allowed", upperFirst(err.Error())+".")
	}
	diags.Append(checkTags(path.Root("tags"), config.Tags, client)...)
	return diags
}

// keepSpelling keeps the state's spelling of what means the same, so that a mere respelling plans nothing.
func (r *experimentResource) keepSpelling(plan *experimentModel, config, state experimentModel) {
	normalize := r.client().NormalizeName
	if !config.Name.IsUnknown() && normalize(config.Name.ValueString()) == normalize(state.Name.ValueString()) {
		plan.Name = state.Name
	}
	location := config.ArtifactLocation
	if !location.IsNull() && !location.IsUnknown() && sameLocation(location.ValueString(), state.ArtifactLocation.ValueString()) {
		plan.ArtifactLocation = state.ArtifactLocation
	}
}

// planReplacement replaces the experiment when a known artifact location differs. It refuses when the old one could not be
// deleted, or would go on holding the name.
func (r *experimentResource) planReplacement(ctx context.Context, plan, state experimentModel, resp *resource.ModifyPlanResponse) {
	at := path.Root("artifact_location")
	if plan.ArtifactLocation.IsUnknown() || state.ArtifactLocation.IsNull() || plan.ArtifactLocation.Equal(state.ArtifactLocation) {
		return
	}
	resp.RequiresReplace.Append(at)
	if why := r.refuseReplacement(ctx, plan, state); why != "" {
		resp.Diagnostics.AddAttributeError(at, "Could not replace experiment", fmt.Sprintf(
			"The artifact location of %s can't be changed: a new experiment would have to take its place. %s",
			named(state.ID.ValueString(), state.Name.ValueString()), why))
		return
	}
	resp.Diagnostics.AddAttributeWarning(at, "Replacing the experiment deletes its runs", fmt.Sprintf(
		"The artifact location of %s can't be changed, so the experiment is deleted with all its runs, and a new, empty one is created. "+
			"To keep it, set artifact_location back to %q, or leave it out. To guard against this, set deletion_policy = \"prevent\".",
		named(state.ID.ValueString(), state.Name.ValueString()), state.ArtifactLocation.ValueString()))
}

func (r *experimentResource) refuseReplacement(ctx context.Context, plan, state experimentModel) string {
	for _, policy := range []string{state.DeletionPolicy.ValueString(), plan.DeletionPolicy.ValueString()} {
		switch policy {
		case deletionPrevent:
			return "deletion_policy = \"prevent\" forbids it. Set artifact_location back, or apply another policy first."
		case deletionRetain:
			return "deletion_policy = \"retain\" would leave the old one with the name. Set artifact_location back, or give the new experiment its own block and name."
		case deletionDeleteIfEmpty:
			if why := contentReason(ctx, r.client(), state.ID.ValueString()); why != "" {
				return why + " deletion_policy = \"delete_if_empty\" forbids to delete it then."
			}
		}
	}
	sameName := !plan.Name.IsUnknown() && plan.Name.Equal(state.Name)
	if r.client().DeletedKeepName() && sameName && plan.IfDeleted.ValueString() != ifDeletedSupersede {
		return "On " + r.client().BackendName() + " a deleted experiment keeps its name, so the new one could not be created. Set if_deleted = \"supersede\" to rename " +
			"the old one aside, or change the name as well."
	}
	return ""
}

// contentReason says what stands against deleting an experiment that must be empty; "" when nothing does. What could not be told
// counts as not empty.
func contentReason(ctx context.Context, client *mlflow.Client, id string) string {
	content, err := client.HasContent(ctx, id)
	switch {
	case err != nil:
		return fmt.Sprintf("Whether it is empty could not be told: %s.", err)
	case content.Runs:
		return "It holds runs."
	case content.Traces:
		return "It holds traces."
	case content.LoggedModels:
		return "It holds logged models."
	}
	return ""
}
