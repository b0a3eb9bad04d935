package run

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

var (
	_ action.ActionWithConfigure  = (*deleteRunsAction)(nil)
	_ action.ActionWithModifyPlan = (*deleteRunsAction)(nil)
)

// deleteRunsAction deletes old runs.
type deleteRunsAction struct{ framework.ActionBase }

type deleteRunsModel struct {
	selection
	Workspace types.String `tfsdk:"workspace"`
}

// NewDeleteRunsAction returns the action mlflow_delete_runs.
func NewDeleteRunsAction() action.Action { return &deleteRunsAction{} }

// Metadata implements [action.Action].
func (a *deleteRunsAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_delete_runs"
}

// Schema implements [action.Action].
func (a *deleteRunsAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	attributes := selectionAttributes("delete", "Exactly one of `older_than` and `before` must be set.",
		[]validator.String{stringvalidator.ExactlyOneOf(path.MatchRoot(attributeOlderThan), path.MatchRoot(attributeBefore))}, nil)
	maps.Copy(attributes, map[string]schema.Attribute{
		attributeExperimentIDs: experimentIDsAttribute("IDs of the experiments whose runs to delete, at least one. Runs of other experiments "+
			"are never deleted.",
			true),
		attributeMaxRuns: maxRunsAttribute(fmt.Sprintf("Maximum number of runs to delete in one invocation, in all experiments together, from 1 "+
			"to %s. The oldest runs are deleted first.", formatCount(maxRunsLimit)), true),
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Deletes active runs that started before a time, the oldest first and at most `max_runs`. Deleted runs can be " +
			"restored with the action `mlflow_restore_runs` until the server purges them.",
		Attributes: attributes,
	}
}

const restoreAdvice = "Deleted runs can be restored with the action mlflow_restore_runs until the server purges them."

// ModifyPlan implements [action.ActionWithModifyPlan]. It reports the runs that the action deletes.
func (a *deleteRunsAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	if !req.Config.Raw.IsFullyKnown() {
		return
	}
	var config deleteRunsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := a.ClientIn(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	limit := int(config.MaxRuns.ValueInt64())
	found, ok := config.find(ctx, client, mlflow.ViewActive, max(limit, countLimit), &resp.Diagnostics)
	if !ok {
		return
	}
	plannedChange{
		client: client, verb: "delete", state: "active", runs: found.runs, more: found.next != nil, limit: limit,
		conditions: config.conditions(found), advice: restoreAdvice,
	}.warn(ctx, &resp.Diagnostics)
}

// Invoke implements [action.Action].
func (a *deleteRunsAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config deleteRunsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := a.ClientOrError(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	found, ok := config.find(ctx, client, mlflow.ViewActive, int(config.MaxRuns.ValueInt64()), &resp.Diagnostics)
	if !ok {
		return
	}
	deletion := newDeletion(client, len(found.runs), resp.SendProgress)
	left := found.runs
	if client.BulkRuns() && config.Filter.IsNull() {
		left = deletion.deleteInBulk(ctx, found, &resp.Diagnostics)
	}
	deletion.changeEach(ctx, left)
	deletion.finish(ctx, config.ExperimentIDs, found.next != nil, &resp.Diagnostics)
}
