// Package tag has the resource mlflow_experiment_tag, one tag of an experiment that is managed elsewhere.
package tag

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
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
type experimentTagResource struct{ framework.ResourceBase }

// NewExperimentTagResource returns the resource mlflow_experiment_tag.
func NewExperimentTagResource() resource.Resource { return &experimentTagResource{} }

// Metadata implements [resource.Resource].
func (r *experimentTagResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_tag"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *experimentTagResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.IdentitySchema([]string{"key"}, nil)
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
				Validators:          []validator.String{framework.ExperimentIDValidator},
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
			framework.AttributeWorkspace: framework.WorkspaceAttribute(),
		},
	}
}

// Read implements [resource.Resource].
func (r *experimentTagResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state experimentTagModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	r.UseStateWorkspace(state.Workspace)
	r.Provider.Run.MarkRead(state.object())
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) {
		return
	}
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !r.CheckServer(ctx, req.Private, "read experiment tag", state.remembered(), &resp.Diagnostics) {
		return
	}
	e, err := r.Client().RefreshExperiment(ctx, state.ExperimentID.ValueString(), func(e mlflow.Experiment) bool {
		value, there := e.Tag(state.Key.ValueString())
		return !e.Deleted() && there && value == state.Value.ValueString() && !state.Value.IsNull() && !framework.IDReused(state.created, e.Created())
	})
	if err != nil && !rest.IsNotFound(err) {
		framework.AddError(&resp.Diagnostics, "read experiment tag", state.object(), err)
		return
	}
	value, there := e.Tag(state.Key.ValueString())
	// A blank value is what is left of a tag where tags can't be removed.
	blanked := value == "" && (state.Value.IsNull() || state.Value.ValueString() != "")
	if err == nil && !e.Deleted() && there && !blanked && !framework.IDReused(state.created, e.Created()) {
		state.Value = types.StringValue(value)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, framework.FormatCreationTime(e.Created()))...)
		return
	}
	reason := "Somebody removed it or set it to blank. The next apply sets it again."
	switch {
	case err != nil:
		reason = "There is no experiment of that id any more. Change experiment_id, or remove this resource from the configuration."
	case framework.IDReused(state.created, e.Created()):
		reason = fmt.Sprintf("%s is another one now: the id was used again. Its tags are left alone.", framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name)))
	case e.Deleted():
		reason = fmt.Sprintf("%s is deleted. Restore it, or remove this resource from the configuration.", framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name)))
	}
	resp.Diagnostics.AddWarning("Experiment tag is gone", fmt.Sprintf("%s is not there any more, so it was taken out of the state. %s",
		framework.UpperFirst(state.object()), reason))
	resp.State.RemoveResource(ctx)
}

// ImportState implements [resource.ResourceWithImportState].
func (r *experimentTagResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	workspace, tag, ok := r.UseImportWorkspace(req.ID, &resp.Diagnostics)
	if !ok {
		return
	}
	id, key, _ := strings.Cut(tag, "/")
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsFullyNull() {
		values, ok := r.ImportIdentity(ctx, req, []string{"key"}, &resp.Diagnostics)
		if !ok {
			return
		}
		id, key, workspace = values[framework.IdentityExperimentID], values["key"], framework.OrNull(values[framework.AttributeWorkspace])
	}
	if id == "" || key == "" {
		resp.Diagnostics.AddError("Could not import experiment tag", fmt.Sprintf("%q is not of the form EXPERIMENT_ID/KEY, such as 1234567890/team. The key "+
			"may hold slashes; the experiment's name can't stand for its id. On a server with MLflow workspaces, workspace=NAME and a comma can stand before it.", req.ID))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id+"/"+key)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("experiment_id"), id)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("key"), key)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(framework.AttributeWorkspace), workspace)...)
}

// isMissing reports whether a read found no experiment, or a deleted one.
func isMissing(e mlflow.Experiment, err error) bool {
	return rest.IsNotFound(err) || err == nil && e.Deleted()
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
