package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

const (
	attributeRunIDs       = "run_ids"
	attributeDeletedAfter = "deleted_after"

	// maxRunIDs is the maximum number of runs to restore by ID.
	maxRunIDs = 1000
)

var (
	_ action.ActionWithConfigure  = (*restoreRunsAction)(nil)
	_ action.ActionWithModifyPlan = (*restoreRunsAction)(nil)
)

// restoreRunsAction restores deleted runs.
type restoreRunsAction struct{ framework.ActionBase }

type restoreRunsModel struct {
	selection
	RunIDs       []string     `tfsdk:"run_ids"`
	DeletedAfter types.String `tfsdk:"deleted_after"`
	Workspace    types.String `tfsdk:"workspace"`
}

// NewRestoreRunsAction returns the action mlflow_restore_runs.
func NewRestoreRunsAction() action.Action { return &restoreRunsAction{} }

// Metadata implements [action.Action].
func (a *restoreRunsAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_restore_runs"
}

// Schema implements [action.Action].
func (a *restoreRunsAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	ids, older, deleted := path.MatchRoot(attributeRunIDs), path.MatchRoot(attributeOlderThan), path.MatchRoot(attributeDeletedAfter)
	experiments, maxRuns := path.MatchRoot(attributeExperimentIDs), path.MatchRoot(attributeMaxRuns)
	attributes := selectionAttributes("restore", "At most one of `older_than` and `before` can be set.",
		nil, []validator.String{stringvalidator.ConflictsWith(older)})
	maps.Copy(attributes, map[string]schema.Attribute{
		attributeExperimentIDs: experimentIDsAttribute("IDs of the experiments whose deleted runs to restore. Exactly one of `experiment_ids` "+
			"and `run_ids` must be set. Requires "+
			"`max_runs`.", false, listvalidator.ExactlyOneOf(experiments, ids), listvalidator.AlsoRequires(maxRuns)),
		attributeMaxRuns: maxRunsAttribute(fmt.Sprintf("Maximum number of runs to restore in one invocation, in all experiments together, from "+
			"1 to %s. The oldest runs are restored first, or with `deleted_after` those that Databricks selects. Required with "+
			"`experiment_ids`.", formatCount(maxRunsLimit)), false, int64validator.AlsoRequires(experiments)),
		attributeRunIDs: schema.ListAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.List{
				listvalidator.SizeBetween(1, maxRunIDs), listvalidator.NoNullValues(), listvalidator.UniqueValues(),
				listvalidator.ValueStringsAre(runIDValidator),
				listvalidator.ConflictsWith(older, path.MatchRoot(attributeBefore), path.MatchRoot(attributeFilter), deleted),
			},
			MarkdownDescription: fmt.Sprintf("IDs of the runs to restore, at most %s. Active runs are not changed. Conflicts with all other "+
				"arguments except `workspace`.", formatCount(maxRunIDs)),
		},
		attributeDeletedAfter: schema.StringAttribute{
			Optional: true, Validators: []validator.String{
				timeValidator{}, stringvalidator.ConflictsWith(older, path.MatchRoot(attributeBefore), path.MatchRoot(attributeFilter)),
			},
			MarkdownDescription: "Restore runs that were deleted at this time or later, in RFC 3339 format, for example `2026-01-01T00:00:00Z`. " +
				"Not supported on an MLflow server, which does not restore runs by deletion time. Conflicts with `older_than`, `before`, and `filter`.",
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Restores deleted runs, by ID or by experiment and at most `max_runs`. Purged runs cannot be restored.",
		Attributes:          attributes,
	}
}

// ModifyPlan implements [action.ActionWithModifyPlan]. It reports the runs that the action restores.
func (a *restoreRunsAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	if !req.Config.Raw.IsFullyKnown() {
		return
	}
	var config restoreRunsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := a.ClientIn(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil || !config.isSupported(client, &resp.Diagnostics) {
		return
	}
	limit := int(config.MaxRuns.ValueInt64())
	found, ok := config.deleted(ctx, client, max(limit, countLimit), &resp.Diagnostics)
	if !ok {
		return
	}
	plan := plannedChange{
		client: client, verb: "restore", state: "deleted", runs: found.runs, more: found.next != nil, limit: limit,
		conditions: config.conditions(found),
	}
	switch {
	case config.RunIDs != nil:
		plan.limit = len(found.runs)
	case !config.DeletedAfter.IsNull():
		plan.serverSelects = true
		plan.conditions = " at most, of those deleted at or after " + config.DeletedAfter.ValueString()
		plan.advice = "The counts include runs that were deleted earlier: the server does not return when a run was deleted."
	}
	plan.warn(ctx, &resp.Diagnostics)
	if len(found.runs) > 0 {
		config.checkActive(ctx, client, found.runs, func(at path.Path, summary, detail string) {
			resp.Diagnostics.AddAttributeWarning(at, summary, detail+" Unless it is restored first, the action fails.")
		})
	}
}

// Invoke implements [action.Action].
func (a *restoreRunsAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config restoreRunsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := a.ClientOrError(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil || !config.isSupported(client, &resp.Diagnostics) {
		return
	}
	limit := int(config.MaxRuns.ValueInt64())
	if !config.DeletedAfter.IsNull() {
		restoration := newRestoration(client, limit, resp.SendProgress)
		restoration.serverSelects = true
		if config.checkActive(ctx, client, nil, resp.Diagnostics.AddAttributeError); !resp.Diagnostics.HasError() {
			restoration.restoreInBulk(ctx, &config)
			restoration.finish(ctx, config.ExperimentIDs, restoration.count == limit, &resp.Diagnostics)
		}
		return
	}
	found, ok := config.deleted(ctx, client, limit, &resp.Diagnostics)
	if !ok {
		return
	}
	if config.checkActive(ctx, client, found.runs, resp.Diagnostics.AddAttributeError); resp.Diagnostics.HasError() {
		return
	}
	restoration := newRestoration(client, len(found.runs), resp.SendProgress)
	restoration.changeEach(ctx, found.runs)
	restoration.finish(ctx, config.ExperimentIDs, found.next != nil, &resp.Diagnostics)
}

// isSupported adds an error if runs are selected by deletion time and the server does not support that.
func (m *restoreRunsModel) isSupported(client *mlflow.Client, diags *diag.Diagnostics) bool {
	if m.DeletedAfter.IsNull() || client.BulkRuns() {
		return true
	}
	diags.AddAttributeError(path.Root(attributeDeletedAfter), "Deletion time is not supported", "An MLflow server does not restore runs by "+
		"deletion time.\n\nSelect runs by their start time with before or older_than, by filter, or by ID with run_ids.")
	return false
}

// deleted returns the selected deleted runs.
func (m *restoreRunsModel) deleted(ctx context.Context, client *mlflow.Client, limit int, diags *diag.Diagnostics) (selectionResult, bool) {
	if m.RunIDs == nil {
		return m.find(ctx, client, mlflow.ViewDeleted, limit, diags)
	}
	runs, errs := make([]mlflow.Run, len(m.RunIDs)), make([]error, len(m.RunIDs))
	var group errgroup.Group
	group.SetLimit(maxConcurrentRequests)
	for i, id := range m.RunIDs {
		group.Go(func() error {
			runs[i], errs[i] = client.GetRun(ctx, id)
			return nil
		})
	}
	_ = group.Wait()
	var found selectionResult
	for i, r := range runs {
		switch err := errs[i]; {
		case err != nil:
			addReadError(diags, path.Root(attributeRunIDs).AtListIndex(i), client, m.RunIDs[i], err)
		case r.Deleted:
			found.runs = append(found.runs, mlflow.RunRef{ID: r.ID, ExperimentID: r.ExperimentID, Started: r.Started})
		}
	}
	return found, !diags.HasError()
}

// checkActive reports deleted experiments among those of runs, or among experiment_ids if runs is nil: a run that is restored in a deleted
// experiment remains hidden.
func (m *restoreRunsModel) checkActive(
	ctx context.Context, client *mlflow.Client, runs []mlflow.RunRef, report func(at path.Path, summary, detail string),
) {
	at, ids := path.Root(attributeRunIDs), m.ExperimentIDs
	if runs != nil {
		ids, _ = byExperiment(runs)
	}
	for _, id := range ids {
		if m.RunIDs == nil {
			at = path.Root(attributeExperimentIDs).AtListIndex(slices.Index(m.ExperimentIDs, id))
		}
		e, err := client.GetExperiment(ctx, id)
		switch {
		case err != nil:
			object := framework.DescribeExperiment(id, "")
			report(at, "Could not read experiment", framework.ErrorDetail(object, err, missingExperimentAdvice(err)...))
		case e.Deleted():
			report(at, "Experiment is deleted", fmt.Sprintf("%s is deleted, and restoring its runs would not restore it.\n\nRestore it with the "+
				"action mlflow_restore_experiment, which also restores its runs.", framework.UpperFirst(framework.DescribeExperiment(id, e.Name))))
		}
	}
}
