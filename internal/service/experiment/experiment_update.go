package experiment

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Update renames the experiment, and sets and removes tags. It first reads the experiment, to check that it is still the same one and to
// find what differs. If a request fails, Update saves the changes that were made.
func (r *experimentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan experimentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	if !r.CheckSameWorkspace(ctx, req.Private, state.workspaceObject(plan), &resp.Diagnostics) ||
		!r.UseWorkspace(plan.Workspace, &resp.Diagnostics) ||
		!r.CheckServer(ctx, req.Private, "update experiment", state.stateObject(), &resp.Diagnostics) {
		return
	}
	r.declareTags(state.ID.ValueString(), &plan)
	resp.Diagnostics.Append(state.dropUndeclared(ctx, req.Private, plan)...)
	e, ok := r.readCurrent(ctx, "update experiment", state, &resp.Diagnostics)
	if !ok {
		return
	}
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	if !r.Provider.Run.Claim(e.ID) {
		addClaimedError(&resp.Diagnostics, e)
		return
	}
	u := updater{client: r.Client(), run: &r.Provider.Run, id: e.ID, name: e.Name, tags: e.TagMap(), diags: &resp.Diagnostics}
	if u.rename(ctx, plan) && u.setTags(ctx, plan) && u.removeTags(ctx, state, plan) {
		url, err := r.Client().ExperimentURL(ctx, e.ID)
		if err != nil {
			addURLWarning(&resp.Diagnostics, u.object(), err)
		}
		plan.setComputed(e, url)
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, unappliedKey, nil)...)
		return
	}
	u.setPartialState(&state, plan)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// readCurrent reads the experiment before it is changed. It adds an error if the experiment of the state no longer exists.
func (r *experimentResource) readCurrent(
	ctx context.Context, action string, state experimentModel, diags *diag.Diagnostics,
) (mlflow.Experiment, bool) {
	e, err := r.Client().GetExperiment(ctx, state.ID.ValueString())
	reason, err := missingReason(state, e, err)
	switch {
	case err != nil:
		framework.AddError(diags, action, state.object(), err)
		return e, false
	case reason != "":
		diags.AddError("Could not "+action, fmt.Sprintf("%s %s. Nothing was changed.\n\nRun plan again: the refresh updates the state.",
			framework.UpperFirst(state.object()), reason))
		return e, false
	}
	return e, true
}

// updater runs one update. Its methods add errors to diags, and report whether they succeeded. name and tags are those that the server has,
// as far as the update got.
type updater struct {
	client *mlflow.Client
	run    *framework.RunState
	id     string
	name   string
	tags   map[string]string
	diags  *diag.Diagnostics
}

// object describes the experiment in messages.
func (u *updater) object() string { return framework.DescribeExperiment(u.id, u.name) }

func (u *updater) rename(ctx context.Context, plan experimentModel) bool {
	name := plan.Name.ValueString()
	if u.client.NormalizeName(name) == u.client.NormalizeName(u.name) {
		return true
	}
	if plan.CreateParents.ValueBool() {
		if err := u.run.CreateParents(ctx, u.client, name); err != nil {
			addCreateParentsError(u.diags, name, err)
			return false
		}
	}
	if err := u.client.RenameExperiment(ctx, u.id, name); err != nil {
		object := fmt.Sprintf("%s, new name %q", u.object(), name)
		if !addNameError(u.diags, "rename experiment", object, name, err) {
			framework.AddError(u.diags, "rename experiment", object, err, u.client.FolderAdvice(err)...)
		}
		return false
	}
	u.name = name
	return true
}

func (u *updater) setTags(ctx context.Context, plan experimentModel) bool {
	left, err := setTags(ctx, u.client, u.id, u.tags, plan.wantedTags())
	if err != nil {
		framework.AddError(u.diags, "set experiment tag", fmt.Sprintf("tag %q of %s", left[0], u.object()), err)
	}
	return err == nil
}

// removeTags removes the tags that the state manages and the plan does not. It does not remove a tag that another resource of this run
// declares.
func (u *updater) removeTags(ctx context.Context, state, plan experimentModel) bool {
	managed, wanted := state.wantedTags(), plan.wantedTags()
	var cleared, kept []string
	for _, key := range framework.SortedKeys(managed) {
		_, stays := wanted[key]
		if _, there := u.tags[key]; stays || !there {
			continue
		}
		declared, isCleared, err := u.run.RemoveTag(ctx, u.client, u.id, key)
		if err != nil {
			framework.AddError(u.diags, "remove experiment tag", fmt.Sprintf("tag %q of %s", key, u.object()), err)
			return false
		}
		delete(u.tags, key)
		switch {
		case declared:
			kept = append(kept, key)
		case isCleared && key != mlflow.TagDescription:
			cleared = append(cleared, key)
		}
	}
	if len(kept) > 0 {
		u.diags.AddWarning("Tags removed from state, not from the experiment", fmt.Sprintf("Another resource in this apply declares these tags "+
			"of %s, and now manages them: %s.", u.object(), strings.Join(kept, ", ")))
	}
	if len(cleared) > 0 {
		u.diags.AddWarning("Tags cleared, not removed", fmt.Sprintf("%s has no API to delete a tag, so these tags of %s keep an empty value: "+
			"%s. They are no longer managed.", framework.UpperFirst(u.client.BackendName()), u.object(), strings.Join(cleared, ", ")))
	}
	return true
}

// setPartialState updates the state of a failed update to what the server has.
func (u *updater) setPartialState(state *experimentModel, plan experimentModel) {
	if u.client.NormalizeName(u.name) == u.client.NormalizeName(plan.Name.ValueString()) {
		state.Name = plan.Name
	}
	state.Tags = framework.UnionOf(state.Tags, plan.Tags)
	state.TagsAll = framework.UnionOf(state.TagsAll, plan.TagsAll)
	if state.Description.ValueString() == "" {
		state.Description = plan.Description
	}
	state.refreshTags(u.tags)
}
