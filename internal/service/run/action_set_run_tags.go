package run

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	attributeTags = "tags"

	// maxServerTagValue is the maximum length of the value of a run tag on an MLflow server, which drops the rest without an error.
	maxServerTagValue = 8000
)

var (
	_ action.ActionWithConfigure  = (*setRunTagsAction)(nil)
	_ action.ActionWithModifyPlan = (*setRunTagsAction)(nil)
)

// setRunTagsAction sets and removes the tags of a run.
type setRunTagsAction struct{ framework.ActionBase }

type setRunTagsModel struct {
	RunID     types.String `tfsdk:"run_id"`
	Tags      types.Map    `tfsdk:"tags"`
	Workspace types.String `tfsdk:"workspace"`
}

// NewSetRunTagsAction returns the action mlflow_set_run_tags.
func NewSetRunTagsAction() action.Action { return &setRunTagsAction{} }

// Metadata implements [action.Action].
func (a *setRunTagsAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_set_run_tags"
}

// Schema implements [action.Action].
func (a *setRunTagsAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sets and removes tags of a run. Other tags of the run are unaffected.",
		Attributes: map[string]schema.Attribute{
			attributeRunID: schema.StringAttribute{
				Required: true, Validators: []validator.String{runIDValidator}, MarkdownDescription: "ID of the run. A deleted run must be restored " +
					"first.",
			},
			attributeTags: schema.MapAttribute{
				ElementType: types.StringType, Required: true, Validators: []validator.Map{mapvalidator.SizeAtLeast(1), runTagsValidator{}},
				MarkdownDescription: "Tags to set, by key. A null value removes the tag. The tag `mlflow.runName` is the name of the run and cannot " +
					"be removed. The tag `mlflow.note.content` is its description.",
			},
			framework.AttributeWorkspace: framework.WorkspaceActionAttribute(),
		},
	}
}

// runTagsValidator rejects tags that no server accepts.
type runTagsValidator struct{}

// Description implements [validator.Describer].
func (runTagsValidator) Description(context.Context) string {
	return "keys must not be empty, and mlflow.runName must have a value"
}

// MarkdownDescription implements [validator.Describer].
func (v runTagsValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateMap implements [validator.Map].
func (runTagsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, key := range framework.SortedKeys(elements) {
		text, _ := elements[key].(types.String)
		switch {
		case key == "":
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(key), "Invalid tag key", "The key is empty. Set a key, or remove the tag.")
		case key == mlflow.TagRunName && !text.IsUnknown() && text.ValueString() == "":
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(key), "Invalid tag value", "The tag \"mlflow.runName\" is the name of the run and "+
				"cannot be removed or empty. Set it to the new name, or omit it.")
		}
	}
}

// ModifyPlan implements [action.ActionWithModifyPlan]. It checks the tags, and that the run is not deleted.
func (a *setRunTagsAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var config setRunTagsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := a.ClientIn(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	config.checkTags(client, &resp.Diagnostics)
	if !config.RunID.IsUnknown() {
		config.run(ctx, client, &resp.Diagnostics)
	}
}

// Invoke implements [action.Action].
func (a *setRunTagsAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config setRunTagsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := a.ClientOrError(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	config.checkTags(client, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	r, ok := config.run(ctx, client, &resp.Diagnostics)
	if !ok {
		return
	}
	changed, err := config.apply(ctx, client, r)
	if err != nil {
		resp.Diagnostics.AddError("Could not set tags of run", framework.ErrorDetail(describeRun(r.ID), err,
			fmt.Sprintf("Already changed: %s. To continue, invoke the action again.", joinOrNone(changed))))
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("Changed tags of %s: %s", describeRun(r.ID), joinOrNone(changed))})
}

// checkTags adds an error for each known tag that the server would reject or truncate.
func (m *setRunTagsModel) checkTags(client *mlflow.Client, diags *diag.Diagnostics) {
	at := path.Root(attributeTags)
	diags.Append(framework.CheckTags(at, m.Tags, client)...)
	if client.Kind() != mlflow.KindServer {
		return
	}
	values := framework.StringMap(m.Tags)
	for _, key := range framework.SortedKeys(values) {
		if n := utf8.RuneCountInString(values[key]); n > maxServerTagValue {
			diags.AddAttributeError(at.AtMapKey(key), "Invalid tag", fmt.Sprintf("The value is %s characters long. An MLflow server stores "+
				"only the first %s characters of the value of a run tag.\n\nShorten the value.", formatCount(n), formatCount(maxServerTagValue)))
		}
	}
}

// run reads the run. It adds an error if the run does not exist or is deleted.
func (m *setRunTagsModel) run(ctx context.Context, client *mlflow.Client, diags *diag.Diagnostics) (mlflow.Run, bool) {
	id := m.RunID.ValueString()
	r, err := client.GetRun(ctx, id)
	switch {
	case err != nil:
		addReadError(diags, path.Root(attributeRunID), client, id, err)
		return r, false
	case r.Deleted:
		diags.AddAttributeError(path.Root(attributeRunID), "Run is deleted", fmt.Sprintf("%s of experiment %s is deleted, and its tags cannot "+
			"be changed.\n\nRestore it first with the action mlflow_restore_runs and run_ids = "+
			"[%q].", framework.UpperFirst(describeRun(id)), r.ExperimentID, id))
		return r, false
	}
	return r, true
}

// apply sets and removes the tags that differ from those of the run, ordered by key, and returns the changed keys.
func (m *setRunTagsModel) apply(ctx context.Context, client *mlflow.Client, r mlflow.Run) (changed []string, err error) {
	elements := m.Tags.Elements()
	for _, key := range framework.SortedKeys(elements) {
		text, _ := elements[key].(types.String)
		before, there := r.Tags[key]
		switch value := text.ValueString(); {
		case text.IsNull() && !there, !text.IsNull() && there && before == value:
			continue
		case text.IsNull():
			err = client.DeleteRunTag(ctx, r.ID, key)
		default:
			err = client.SetRunTag(ctx, r.ID, mlflow.Tag{Key: key, Value: value})
		}
		if err != nil {
			if rest.IsUncertain(err) {
				return changed, fmt.Errorf("tag %q, which may have been changed: %w", key, err)
			}
			return changed, fmt.Errorf("tag %q: %w", key, err)
		}
		changed = append(changed, fmt.Sprintf("%q", key))
	}
	return changed, nil
}

func joinOrNone(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}
