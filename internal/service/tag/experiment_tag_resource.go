// Package tag implements the resource mlflow_experiment_tag.
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

// experimentTagResource is the resource mlflow_experiment_tag.
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
		MarkdownDescription: "Manages one tag of an experiment that is created elsewhere, for example by a notebook, another " +
			"configuration, or another team. All other tags are unmanaged.\n\nIf this configuration manages the experiment itself, use " +
			"`tags` of `mlflow_experiment` instead. Do not use both for the same key.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the tag, `EXPERIMENT_ID/KEY`. Also used for " +
				"import."},
			"experiment_id": schema.StringAttribute{
				Required:   true,
				Validators: []validator.String{framework.ExperimentIDValidator},
				MarkdownDescription: "ID of the experiment. Updated in place: the tag is set on the new experiment, then removed from " +
					"the old one.",
			},
			"key": schema.StringAttribute{
				Required:   true,
				Validators: []validator.String{experimentTagKeyValidator{}},
				MarkdownDescription: "Key of the tag; it can contain slashes. At most 250 bytes on Databricks. On an MLflow server, at " +
					"most 250 letters, digits, spaces, and `/_-.:`. Keys that the server sets, such as `mlflow.ownerId`, are not " +
					"allowed; `mlflow.note.content`, the description, is allowed. Updated in place: the new tag is set, then the old one " +
					"is removed.",
			},
			"value": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Value of the tag. An existing value is replaced, and a warning reports it. At most 65,536 bytes " +
					"on Databricks. On an MLflow server, at most 20,000 characters (3.17 and newer), or 5,000 (older). Updated in place.",
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
	if !r.CheckServer(ctx, req.Private, "read experiment tag", state.stateObject(), &resp.Diagnostics) {
		return
	}
	e, err := r.Client().RefreshExperiment(ctx, state.ExperimentID.ValueString(), func(e mlflow.Experiment) bool {
		value, found := e.Tag(state.Key.ValueString())
		return !e.Deleted() && found && value == state.Value.ValueString() && !state.Value.IsNull() &&
			!framework.IDReused(state.created, e.Created())
	})
	if err != nil && !rest.IsNotFound(err) {
		framework.AddError(&resp.Diagnostics, "read experiment tag", state.object(), err)
		return
	}
	value, found := e.Tag(state.Key.ValueString())
	// On a server that cannot delete tags, an empty value is left over from a removed tag.
	cleared := value == "" && (state.Value.IsNull() || state.Value.ValueString() != "")
	if err == nil && !e.Deleted() && found && !cleared && !framework.IDReused(state.created, e.Created()) {
		state.Value = types.StringValue(value)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, framework.FormatCreationTime(e.Created()))...)
		return
	}
	reason := "It was removed or cleared outside Terraform. The next apply sets it again."
	switch {
	case err != nil:
		reason = "The experiment no longer exists.\n\nChange experiment_id, or remove this resource from the configuration."
	case framework.IDReused(state.created, e.Created()):
		reason = fmt.Sprintf("The experiment no longer exists; its ID now belongs to a different experiment, %q, whose tags are "+
			"unmanaged.\n\nChange experiment_id, or remove this resource from the configuration.", e.Name)
	case e.Deleted():
		reason = fmt.Sprintf("%s is deleted.\n\nRestore it, or remove this resource from the configuration.",
			framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name)))
	}
	resp.Diagnostics.AddWarning("Experiment tag not found, removed from state", fmt.Sprintf("%s was removed from the state. %s",
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
	if framework.IsIdentityImport(req) {
		values, ok := r.ImportIdentity(ctx, req, []string{"key"}, &resp.Diagnostics)
		if !ok {
			return
		}
		id, key, workspace = values[framework.IdentityExperimentID], values["key"], framework.OrNull(values[framework.AttributeWorkspace])
	}
	if id == "" || key == "" {
		resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q is not of the form EXPERIMENT_ID/KEY, for example "+
			"1234567890/team. Use the ID of the experiment, not its name. To import from another MLflow workspace, use "+
			"workspace=NAME,EXPERIMENT_ID/KEY.", req.ID))
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

// tagAccessAdvice returns what to do if access to a tag is denied, nil for other errors.
func tagAccessAdvice(err error) []string {
	if !rest.IsPermissionDenied(err) {
		return nil
	}
	return []string{"Setting and removing tags requires CAN_EDIT on the experiment. Ask a user with CAN_MANAGE on it, a workspace admin, or " +
		"a server admin for access."}
}

// shorten returns a value for a message, truncated to 100 characters.
func shorten(value string) string {
	const maxLength = 100
	if runes := []rune(value); len(runes) > maxLength {
		return string(runes[:maxLength]) + "…"
	}
	return value
}
