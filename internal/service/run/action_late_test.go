package run_test

import (
	"maps"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestActions_lateValues: the CLI validates actions before it knows the values of variables. Invalid ones are rejected in the plan and in the
// invocation: without the cutoff, all runs would be deleted.
func TestActions_lateValues(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 20, 5)
	w.DeleteRun(w.ofA[0])
	w.ResetJournal()
	deletion := map[string]any{"experiment_ids": []string{w.a}, "before": at(1), "max_runs": 1000}
	restoration := map[string]any{"experiment_ids": []string{w.a}, "max_runs": 1000}
	for name, tc := range map[string]struct {
		kind         string
		base, change map[string]any
		says         string
	}{
		"not an age":       {"mlflow_delete_runs", deletion, map[string]any{"before": nil, "older_than": "90 days"}, "error at older_than: Invalid age: "},
		"not a time":       {"mlflow_delete_runs", deletion, map[string]any{"before": "2026-03-01"}, "error at before: Invalid time: "},
		"no cutoff":        {"mlflow_delete_runs", deletion, map[string]any{"before": nil}, "error at older_than: Invalid Attribute Combination"},
		"two cutoffs":      {"mlflow_delete_runs", deletion, map[string]any{"older_than": "1h"}, "error at older_than: Invalid Attribute Combination"},
		"an empty filter":  {"mlflow_delete_runs", deletion, map[string]any{"filter": ""}, "error at filter: Invalid filter: "},
		"no experiments":   {"mlflow_delete_runs", deletion, map[string]any{"experiment_ids": []string{}}, "error at experiment_ids: "},
		"too many runs":    {"mlflow_delete_runs", deletion, map[string]any{"max_runs": 2_000_000}, "error at max_runs: "},
		"restored, no age": {"mlflow_restore_runs", restoration, map[string]any{"older_than": "a week"}, "error at older_than: Invalid age: "},
		"restored, no date": {
			"mlflow_restore_runs", restoration, map[string]any{"deleted_after": "yesterday"}, "error at deleted_after: Invalid time: ",
		},
		"restored, no brake":  {"mlflow_restore_runs", restoration, map[string]any{"max_runs": nil}, "error at experiment_ids: Invalid Attribute Combination"},
		"a run without name":  {"mlflow_set_run_tags", map[string]any{"run_id": w.ofA[1]}, map[string]any{"tags": map[string]any{"mlflow.runName": nil}}, "error at tags: Invalid tag value: "},
		"an experiment twice": {"mlflow_restore_experiment", map[string]any{"experiment_id": w.a}, map[string]any{"name": "/Shared/a"}, "error at experiment_id: Invalid Attribute Combination"},
	} {
		t.Run(name, func(t *testing.T) {
			config := maps.Clone(tc.base)
			maps.Copy(config, tc.change)
			action := w.Action(t, emulator.AdminToken, tc.kind)
			acctest.ExpectSays(t, action.PlanLate(config), tc.says)
			_, says := action.Invoke(config)
			acctest.ExpectSays(t, says, tc.says)
		})
	}
	w.ExpectWrites(t)
}
