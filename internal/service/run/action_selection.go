package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

const (
	attributeOlderThan = "older_than"
	attributeBefore    = "before"
	attributeMaxRuns   = "max_runs"

	// maxRunsLimit is the maximum of max_runs.
	maxRunsLimit = 1_000_000
	// countLimit is the number of runs up to which a plan counts, or max_runs if that is higher.
	countLimit = 10_000
)

// selection is the arguments that select runs of experiments by start time and filter.
type selection struct {
	ExperimentIDs []string     `tfsdk:"experiment_ids"`
	OlderThan     types.String `tfsdk:"older_than"`
	Before        types.String `tfsdk:"before"`
	Filter        types.String `tfsdk:"filter"`
	MaxRuns       types.Int64  `tfsdk:"max_runs"`
}

// selectionResult is the result of a search for runs to change.
type selectionResult struct {
	// runs are the oldest matching runs, oldest first, up to the limit of the search.
	runs []mlflow.RunRef
	// next is the oldest matching run that is not in runs, nil if there is none.
	next *mlflow.RunRef
	// cutoff is the time before which the runs started, zero if they were not selected by start time.
	cutoff time.Time
	// untimed are the experiments that can have runs without a start time. Such runs are never selected by a cutoff.
	untimed map[string]bool
}

// experimentIDsAttribute returns the schema of the argument experiment_ids of actions.
func experimentIDsAttribute(description string, required bool, more ...validator.List) schema.ListAttribute {
	return schema.ListAttribute{
		ElementType: types.StringType, Required: required, Optional: !required, MarkdownDescription: description,
		Validators: append(experimentIDsValidators(), more...),
	}
}

// selectionAttributes returns the schema of the optional arguments of [selection]. verb is "delete" or "restore", and cutoffRule the
// sentence about the combination of older_than and before.
func selectionAttributes(verb, cutoffRule string, older, before []validator.String) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		attributeOlderThan: schema.StringAttribute{
			Optional: true, Validators: append([]validator.String{ageValidator{}}, older...),
			MarkdownDescription: fmt.Sprintf("Minimum age of the runs to %s, measured from their start time when the action runs: a number of "+
				"days, such as `90d`, or a duration such as `36h` or `1h30m`. Does not select runs without a start time. %s", verb, cutoffRule),
		},
		attributeBefore: schema.StringAttribute{
			Optional: true, Validators: append([]validator.String{timeValidator{}}, before...),
			MarkdownDescription: fmt.Sprintf("Time before which the runs to %s started, in RFC 3339 format, for example "+
				"`2026-01-01T00:00:00Z`. Does not select runs without a start time. %s", verb, cutoffRule),
		},
		attributeFilter: schema.StringAttribute{
			Optional: true, Validators: []validator.String{filterValidator{}},
			MarkdownDescription: "MLflow search filter that the runs must also match, for example `attributes.status != 'RUNNING' AND metrics.auc " +
				"< 0.9`. Supports `AND` only. Defaults to no filter.",
		},
		framework.AttributeWorkspace: framework.WorkspaceActionAttribute(),
	}
}

// maxRunsAttribute returns the schema of the argument max_runs.
func maxRunsAttribute(description string, required bool, more ...validator.Int64) schema.Int64Attribute {
	return schema.Int64Attribute{
		Required: required, Optional: !required, MarkdownDescription: description,
		Validators: append([]validator.Int64{int64validator.Between(1, maxRunsLimit)}, more...),
	}
}

// cutoff returns the time before which the runs must have started, zero if the arguments do not set it. An invalid argument is an error,
// because zero would select all runs.
func (s *selection) cutoff(now time.Time) (time.Time, error) {
	switch {
	case !s.OlderThan.IsNull():
		age, err := parseAge(s.OlderThan.ValueString())
		return now.Add(-age).Truncate(time.Millisecond), err
	case !s.Before.IsNull():
		before, err := time.Parse(time.RFC3339, s.Before.ValueString())
		return before.Truncate(time.Millisecond), err
	default:
		return time.Time{}, nil
	}
}

// find searches for the oldest matching runs, up to a limit. It adds an error and reports false if that fails or if an experiment does
// not exist.
func (s *selection) find(
	ctx context.Context, client *mlflow.Client, view mlflow.ViewType, limit int, diags *diag.Diagnostics,
) (selectionResult, bool) {
	found := selectionResult{untimed: map[string]bool{}}
	var err error
	if found.cutoff, err = s.cutoff(time.Now()); err == nil {
		err = s.search(ctx, client, view, limit, &found)
	}
	if err != nil {
		addSearchError(diags, s.ExperimentIDs, s.Filter, err)
		return found, false
	}
	exist := map[string]bool{} // an MLflow server returns no runs, and no error, for an experiment that does not exist
	for _, r := range found.runs {
		exist[r.ExperimentID] = true
	}
	checkExperiments(ctx, client, s.ExperimentIDs, exist, diags)
	return found, !diags.HasError()
}

func (s *selection) search(ctx context.Context, client *mlflow.Client, view mlflow.ViewType, limit int, found *selectionResult) error {
	query := mlflow.RunQuery{ExperimentIDs: s.ExperimentIDs, OrderBy: []string{"attributes.start_time ASC"}, ViewType: view, Limit: limit + 1}
	timed := ""
	for {
		query.Filter = andFilters(timed, found.cutoffFilter(), s.Filter.ValueString())
		runs, _, err := client.SearchRunRefs(ctx, query)
		if err != nil {
			return err
		}
		if found.next = nil; len(runs) > limit {
			found.next, runs = &runs[limit], runs[:limit]
		}
		found.runs = runs
		if untimed, err := found.checkStartTimes(); err != nil || !untimed {
			return err
		}
		if found.next != nil && found.next.Started <= 0 { // more runs without a start time exist, in any experiment
			for _, id := range s.ExperimentIDs {
				found.untimed[id] = true
			}
		}
		timed = "attributes.start_time > 0"
	}
}

// cutoffFilter returns the condition that a run started before the cutoff.
func (f *selectionResult) cutoffFilter() string {
	if f.cutoff.IsZero() {
		return ""
	}
	return fmt.Sprintf("attributes.start_time < %d", f.cutoff.UnixMilli())
}

// checkStartTimes returns an error if a run did not start before the cutoff, and reports whether runs without a start time are among them.
func (f *selectionResult) checkStartTimes() (untimed bool, err error) {
	if f.cutoff.IsZero() {
		return false, nil
	}
	for _, r := range f.runs {
		switch {
		case r.Started >= f.cutoff.UnixMilli():
			return false, fmt.Errorf("the server returned run %q, which started at %s, although only runs before %s were requested. It seems to "+
				"ignore filters. Nothing was changed", r.ID, formatMillis(r.Started).ValueString(), framework.FormatTime(f.cutoff).ValueString())
		case r.Started <= 0 && f.untimed[r.ExperimentID]:
			return false, errors.New("the server returned runs without a start time, although only others were requested. Nothing was changed")
		case r.Started <= 0:
			untimed = true
		}
	}
	for _, r := range f.runs {
		if r.Started <= 0 {
			f.untimed[r.ExperimentID] = true
		}
	}
	return untimed, nil
}

// conditions describes the selection of runs in the message of a plan.
func (s *selection) conditions(found selectionResult) string {
	text := ""
	if !found.cutoff.IsZero() {
		text = " that started before " + framework.FormatTime(found.cutoff).ValueString()
	}
	if !s.Filter.IsNull() {
		text += " and match the filter"
		if found.cutoff.IsZero() {
			text = " that match the filter"
		}
	}
	return text
}
