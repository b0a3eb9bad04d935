package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var (
	_ resource.ResourceWithConfigure   = (*experimentTagResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*experimentTagResource)(nil)
	_ resource.ResourceWithImportState = (*experimentTagResource)(nil)
	_ resource.ResourceWithIdentity    = (*experimentTagResource)(nil)
)

// experimentTagResource is one tag of an experiment that is managed elsewhere.
type experimentTagResource struct{ resourceBase }

type experimentTagModel struct {
	ID           types.String `tfsdk:"id"`
	ExperimentID types.String `tfsdk:"experiment_id"`
	Key          types.String `tfsdk:"key"`
	Value        types.String `tfsdk:"value"`

	// created is when the experiment was created, from private state: see createdOf.
	created string
}

func newExperimentTagResource() resource.Resource { return &experimentTagResource{} }

// Metadata implements [resource.Resource].
func (r *experimentTagResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_tag"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *experimentTagResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchema([]string{"key"}, nil)
}

func (m experimentTagModel) identity() map[string]types.String {
	return map[string]types.String{identityExperimentID: m.ExperimentID, "key": m.Key}
}

// Schema implements [resource.Resource].
func (r *experimentTagResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One tag of an experiment that is managed elsewhere: by a notebook, another configuration, another team. Other tags are " +
			"left alone. Where this configuration manages the experiment itself, set `tags` of `mlflow_experiment` instead, and never both for one " +
			"key.\n\nA tag that is already there is taken over; a warning tells its old value. Databricks has no call to remove a tag: there " +
			"destroying sets the value to blank, and a blank tag counts as absent unless `value` is `\"\"`.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "`EXPERIMENT_ID/KEY`, as for import."},
			"experiment_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{experimentIDValidator},
				MarkdownDescription: "ID of the experiment. When it changes, the tag is set on the new experiment first, then removed from the old one.",
			},
			"key": schema.StringAttribute{
				Required:   true,
				Validators: []validator.String{experimentTagKeyValidator{}},
				MarkdownDescription: "Key of the tag; slashes are fine. At most 250 bytes on Databricks; at most 250 letters, digits, spaces and `/_-.:` on " +
					"an MLflow server. Keys that the server writes itself, such as `mlflow.ownerId`, are refused; `mlflow.note.content`, the " +
					"description, can be set. When the key changes, the new tag is set first, then the old one is removed.",
			},
			"value": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Value of the tag, `\"\"` included. At most 65,536 bytes on Databricks. On an MLflow server at most 20,000 characters " +
					"(3.17), or 5,000 on older ones. Changed in place.",
			},
		},
	}
}

// experimentTagKeyValidator is refuseTagKey, but for the description: where the experiment is managed elsewhere, no other attribute
// holds it.
type experimentTagKeyValidator struct{}

// Description implements [validator.Describer].
func (experimentTagKeyValidator) Description(context.Context) string {
	return "must not be empty, nor be kept by the server"
}

// MarkdownDescription implements [validator.Describer].
func (v experimentTagKeyValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateString implements [validator.String].
func (experimentTagKeyValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	key := req.ConfigValue
	if key.IsNull() || key.IsUnknown() || key.ValueString() == mlflow.TagDescription {
		return
	}
	if reason := refuseTagKey(key.ValueString()); reason != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Tag key not allowed", reason)
	}
}

// ModifyPlan keeps the id of a tag that stays the same, and checks the tag against the server's limits, without asking it.
func (r *experimentTagResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan, state experimentTagModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() && plan.sameTag(state) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), state.ID)...)
	}
	client := r.client()
	if client == nil || plan.Key.IsUnknown() {
		return
	}
	if err := client.CheckTag(mlflow.Tag{Key: plan.Key.ValueString()}); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("key"), "Tag not allowed", upperFirst(err.Error())+".")
		return
	}
	if err := client.CheckTag(plan.tag()); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("value"), "Tag not allowed", upperFirst(err.Error())+".")
	}
}

// Create implements [resource.Resource].
func (r *experimentTagResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentTagModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.declare(ctx, &plan, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, plan.created)...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.identity())...)
	}
}

// declare sets a tag that is not in the state. Setting it replaces the value that is there, so the experiment is read first.
func (r *experimentTagResource) declare(ctx context.Context, plan *experimentTagModel, diags *diag.Diagnostics) bool {
	r.provider.run.DeclareTag(plan.ExperimentID.ValueString(), plan.Key.ValueString())
	e, err := r.client().GetExperiment(ctx, plan.ExperimentID.ValueString())
	switch {
	case rest.IsNotFound(err):
		addError(diags, "set experiment tag", plan.object(), err, "Check experiment_id: the data source mlflow_experiment gives the id of a name.")
		return false
	case err != nil:
		addError(diags, "set experiment tag", plan.object(), err)
		return false
	case e.Deleted():
		diags.AddError("Could not set experiment tag", fmt.Sprintf("%s: %s is deleted, and a deleted experiment takes no tags.\n\n"+
			"Restore the experiment, or remove this resource from the configuration.", upperFirst(plan.object()), named(e.ID, e.Name)))
		return false
	}
	old, there := e.Tag(plan.Key.ValueString())
	if (!there || old != plan.Value.ValueString()) && !r.set(ctx, *plan, diags) {
		return false
	}
	if old != "" && old != plan.Value.ValueString() {
		diags.AddWarning("Existing experiment tag taken over", fmt.Sprintf("%s was there already, with the value %q. It now has the value of this "+
			"configuration, and destroying this resource removes it.", upperFirst(plan.object()), shorten(old)))
	}
	plan.created = createdText(e.Created())
	plan.setID()
	return true
}

// Read implements [resource.Resource].
func (r *experimentTagResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state experimentTagModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.identity())...)
	if resp.Diagnostics.HasError() || r.kept(&resp.Diagnostics) {
		return
	}
	state.created = createdOf(ctx, req.Private)
	if !r.checkServer(ctx, req.Private, "read experiment tag", state.remembered(), &resp.Diagnostics) {
		return
	}
	e, err := r.client().RefreshExperiment(ctx, state.ExperimentID.ValueString(), func(e mlflow.Experiment) bool {
		value, there := e.Tag(state.Key.ValueString())
		return !e.Deleted() && there && value == state.Value.ValueString() && !state.Value.IsNull() && !reused(state.created, e.Created())
	})
	if err != nil && !rest.IsNotFound(err) {
		addError(&resp.Diagnostics, "read experiment tag", state.object(), err)
		return
	}
	value, there := e.Tag(state.Key.ValueString())
	// A blank value is what is left of a tag where tags can't be removed.
	blanked := value == "" && (state.Value.IsNull() || state.Value.ValueString() != "")
	if err == nil && !e.Deleted() && there && !blanked && !reused(state.created, e.Created()) {
		state.Value = types.StringValue(value)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, createdText(e.Created()))...)
		return
	}
	reason := "Somebody removed it or set it to blank. The next apply sets it again."
	switch {
	case err != nil:
		reason = "There is no experiment of that id any more. Change experiment_id, or remove this resource from the configuration."
	case reused(state.created, e.Created()):
		reason = fmt.Sprintf("%s is another one now: the id was used again. Its tags are left alone.", upperFirst(named(e.ID, e.Name)))
	case e.Deleted():
		reason = fmt.Sprintf("%s is deleted. Restore it, or remove this resource from the configuration.", upperFirst(named(e.ID, e.Name)))
	}
	resp.Diagnostics.AddWarning("Experiment tag is gone", fmt.Sprintf("%s is not there any more, so it was taken out of the state. %s",
		upperFirst(state.object()), reason))
	resp.State.RemoveResource(ctx)
}

// Update implements [resource.Resource]. Another key or experiment is no replacement: a plan in which it is unknown could not say whether it will be
// another one. The new tag is set before the old one is removed.
func (r *experimentTagResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state experimentTagModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.identity())...)
	state.created = createdOf(ctx, req.Private)
	if !r.checkServer(ctx, req.Private, "update experiment tag", state.remembered(), &resp.Diagnostics) {
		return
	}
	if plan.sameTag(state) {
		plan.created = state.created
		r.provider.run.DeclareTag(plan.ExperimentID.ValueString(), plan.Key.ValueString())
		r.set(ctx, plan, &resp.Diagnostics)
	} else if r.declare(ctx, &plan, &resp.Diagnostics) {
		r.remove(ctx, state, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return // the state still has the old tag, so that the next apply removes it
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.keepBelonging(ctx, resp.Private, plan.created)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.identity())...)
}

func (r *experimentTagResource) set(ctx context.Context, m experimentTagModel, diags *diag.Diagnostics) bool {
	err := r.client().SetTag(ctx, m.ExperimentID.ValueString(), m.tag())
	if err != nil {
		addError(diags, "set experiment tag", m.object(), err, tagAccessAdvice(err)...)
	}
	return err == nil
}

// Delete implements [resource.Resource].
func (r *experimentTagResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentTagModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	state.created = createdOf(ctx, req.Private)
	if !resp.Diagnostics.HasError() && r.checkServer(ctx, req.Private, "remove experiment tag", state.remembered(), &resp.Diagnostics) {
		r.remove(ctx, state, &resp.Diagnostics)
	}
}

// remove removes the tag of a state. It looks first: where tags can't be removed, a blank one would be left of a tag that was gone already.
func (r *experimentTagResource) remove(ctx context.Context, state experimentTagModel, diags *diag.Diagnostics) {
	id, key := state.ExperimentID.ValueString(), state.Key.ValueString()
	e, err := r.client().GetExperiment(ctx, id)
	if isMissing(e, err) {
		return
	}
	if err != nil {
		addError(diags, "remove experiment tag", state.object(), err)
		return
	}
	if _, there := e.Tag(key); !there {
		return
	}
	if reused(state.created, e.Created()) {
		diags.AddWarning("Experiment tag left in place", fmt.Sprintf("%s: the id was used again, for another experiment. Its tags are left alone.",
			upperFirst(state.object())))
		return
	}
	declared, blanked, err := removeTag(ctx, r.client(), &r.provider.run, id, key)
	switch {
	case declared:
		diags.AddWarning("Experiment tag removed from state, not from the experiment", fmt.Sprintf(
			"%s: another resource in this apply, or the replacement of this one, declares the tag and now manages it.", upperFirst(state.object())))
	case rest.IsNotFound(err), err != nil && isMissing(r.client().GetExperiment(ctx, id)):
		// The experiment was deleted after the first read.
	case err != nil:
		addError(diags, "remove experiment tag", state.object(), err, tagAccessAdvice(err)...)
	case blanked:
		diags.AddWarning("Experiment tag is blank now, not removed", fmt.Sprintf("%s still shows on the experiment, without a value: "+
			"%s has no call to remove a tag. The provider takes a blank tag for an absent one.", upperFirst(state.object()), r.client().BackendName()))
	}
}

// ImportState implements [resource.ResourceWithImportState].
func (r *experimentTagResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id, key, _ := strings.Cut(req.ID, "/")
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsFullyNull() {
		values, ok := r.identityOf(ctx, req, []string{"key"}, &resp.Diagnostics)
		if !ok {
			return
		}
		id, key = values[identityExperimentID], values["key"]
	}
	if id == "" || key == "" {
		resp.Diagnostics.AddError("Could not import experiment tag", fmt.Sprintf("%q is not of the form EXPERIMENT_ID/KEY, such as 1234567890/team. The key "+
			"may hold slashes; the experiment's name can't stand for its id.", req.ID))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id+"/"+key)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("experiment_id"), id)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("key"), key)...)
}

// isMissing reports whether a read found no experiment, or a deleted one.
func isMissing(e mlflow.Experiment, err error) bool {
	return rest.IsNotFound(err) || err == nil && e.Deleted()
}

func (m experimentTagModel) tag() mlflow.Tag {
	return mlflow.Tag{Key: m.Key.ValueString(), Value: m.Value.ValueString()}
}

// sameTag reports whether two models are about the same tag of the same experiment, as far as is known.
func (m experimentTagModel) sameTag(o experimentTagModel) bool {
	return m.ExperimentID.Equal(o.ExperimentID) && m.Key.Equal(o.Key)
}

// setID fills the id, which is the import id as well.
func (m *experimentTagModel) setID() {
	m.ID = types.StringValue(m.ExperimentID.ValueString() + "/" + m.Key.ValueString())
}

// remembered is the tag as [resourceBase.checkServer] looks for it.
func (m experimentTagModel) remembered() remembered {
	return remembered{object: m.object(), experimentID: m.ExperimentID.ValueString(), created: m.created}
}

// object describes the tag in messages.
func (m experimentTagModel) object() string {
	return fmt.Sprintf("tag %q of %s", m.Key.ValueString(), named(m.ExperimentID.ValueString(), ""))
}

// tagAccessAdvice: less than the usual advice is needed to write a tag.
func tagAccessAdvice(err error) []string {
	if !rest.IsPermissionDenied(err) {
		return nil
	}
	return []string{"Writing tags needs CAN_EDIT on the experiment. Ask somebody with CAN_MANAGE on it, or a workspace admin, for it."}
}

// shorten keeps long values out of messages.
func shorten(value string) string {
	const most = 100
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return value
}
