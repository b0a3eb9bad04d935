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

// Update renames the experiment and brings its tags and description to what is planned. It looks first: at whether the experiment is
// still the same one, and at what is left to do. When it fails, what was done is saved.
func (r *experimentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan experimentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	if !r.CheckSameWorkspace(ctx, req.Private, state.placed(plan), &resp.Diagnostics) || !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) ||
		!r.CheckServer(ctx, req.Private, "update experiment", state.remembered(), &resp.Diagnostics) {
		return
	}
	r.declareTags(state.ID.ValueString(), &plan)
	resp.Diagnostics.Append(state.leaveUndeclared(ctx, req.Private, plan)...)
	e, ok := r.look(ctx, "update experiment", state, &resp.Diagnostics)
	if !ok {
		return
	}
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	if !r.Provider.Run.Claim(e.ID) {
		addClaimedError(&resp.Diagnostics, e)
		return
	}
	u := updating{client: r.Client(), run: &r.Provider.Run, id: e.ID, name: e.Name, server: e.TagMap(), diags: &resp.Diagnostics}
	if u.rename(ctx, plan) && u.setTags(ctx, plan) && u.removeTags(ctx, state, plan) {
		page, err := r.Client().ExperimentURL(ctx, e.ID)
		if err != nil {
			framework.AddWarning(&resp.Diagnostics, "tell the address of the experiment's page", framework.DescribeExperiment(e.ID, u.name), err)
		}
		plan.fill(e, page)
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, unappliedKey, nil)...)
		return
	}
	u.saveDone(&state, plan)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// look reads the experiment before it is changed, and refuses when it is gone or another one.
func (r *experimentResource) look(ctx context.Context, could string, state experimentModel, diags *diag.Diagnostics) (mlflow.Experiment, bool) {
	id := state.ID.ValueString()
	e, err := r.Client().GetExperiment(ctx, id)
	reason, err := goneBecause(state, e, err)
	switch {
	case err != nil:
		framework.AddError(diags, could, framework.DescribeExperiment(id, state.Name.ValueString()), err)
		return e, false
	case reason != "":
		diags.AddError("Could not "+could, fmt.Sprintf("%s %s. Nothing was changed. Run plan again: it shows what there is to do.",
			framework.UpperFirst(framework.DescribeExperiment(id, state.Name.ValueString())), reason))
		return e, false
	}
	return e, true
}

// updating is one update on its way. Its methods report to diags and tell whether they succeeded; name and server follow what was
// done.
type updating struct {
	client *mlflow.Client
	run    *framework.RunState
	id     string
	name   string
	server map[string]string
	diags  *diag.Diagnostics
}

func (u *updating) rename(ctx context.Context, plan experimentModel) bool {
	name := plan.Name.ValueString()
	if u.client.NormalizeName(name) == u.client.NormalizeName(u.name) {
		return true
	}
	if plan.CreateParents.ValueBool() {
		if err := u.run.CreateParents(ctx, u.client, name); err != nil {
			parentsFailed(u.diags, name, err)
			return false
		}
	}
	if err := u.client.RenameExperiment(ctx, u.id, name); err != nil {
		object := fmt.Sprintf("%s, to be renamed to %q", framework.DescribeExperiment(u.id, u.name), name)
		if !addNameError(u.diags, "rename experiment", object, name, err) {
			framework.AddError(u.diags, "rename experiment", object, err, u.client.FolderAdvice(err)...)
		}
		return false
	}
	u.name = name
	return true
}

func (u *updating) setTags(ctx context.Context, plan experimentModel) bool {
	left, err := setTags(ctx, u.client, u.id, u.server, plan.wantedTags())
	if err != nil {
		framework.AddError(u.diags, "set tag", fmt.Sprintf("tag %q of %s", left[0], framework.DescribeExperiment(u.id, u.name)), err)
	}
	return err == nil
}

// removeTags removes what the state manages and the plan no longer does. A tag that another resource of this run declares is left in place.
func (u *updating) removeTags(ctx context.Context, state, plan experimentModel) bool {
	managed, wanted := state.wantedTags(), plan.wantedTags()
	var blank, left []string
	for _, key := range framework.SortedKeys(managed) {
		_, stays := wanted[key]
		if _, there := u.server[key]; stays || !there {
			continue
		}
		declared, blanked, err := u.run.RemoveTag(ctx, u.client, u.id, key)
		if err != nil {
			framework.AddError(u.diags, "remove tag", fmt.Sprintf("tag %q of %s", key, framework.DescribeExperiment(u.id, u.name)), err)
			return false
		}
		delete(u.server, key)
		switch {
		case declared:
			left = append(left, key)
		case blanked && key != mlflow.TagDescription:
			blank = append(blank, key)
		}
	}
	if len(left) > 0 {
		u.diags.AddWarning("Tags removed from state, not from the experiment", fmt.Sprintf("Another resource in this apply declares these tags of %s, and now "+
			"manages them: %s.", framework.DescribeExperiment(u.id, u.name), strings.Join(left, ", ")))
	}
	if len(blank) > 0 {
		u.diags.AddWarning("Tags were emptied, not removed", fmt.Sprintf("%s has no call to remove a tag, so these of %s are left with an empty value: %s. "+
			"They are not managed any more.", framework.UpperFirst(u.client.BackendName()), framework.DescribeExperiment(u.id, u.name), strings.Join(blank, ", ")))
	}
	return true
}

// saveDone brings the state of a failed update to what the server holds now.
func (u *updating) saveDone(state *experimentModel, plan experimentModel) {
	if u.client.NormalizeName(u.name) == u.client.NormalizeName(plan.Name.ValueString()) {
		state.Name = plan.Name
	}
	state.Tags = framework.UnionOf(state.Tags, plan.Tags)
	state.TagsAll = framework.UnionOf(state.TagsAll, plan.TagsAll)
	if state.Description.ValueString() == "" {
		state.Description = plan.Description
	}
	state.observeTags(u.server)
}
