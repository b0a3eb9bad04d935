package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// newDeletedRuns returns a workspace in which all runs are deleted.
func newDeletedRuns(t *testing.T, inA, inB int) *seeded {
	t.Helper()
	w := newSeeded(t, inA, inB)
	for _, id := range slices.Concat(w.ofA, w.ofB) {
		w.DeleteRun(id)
	}
	return w
}

func (w *seeded) restoration(t *testing.T) acctest.Action {
	t.Helper()
	return w.Action(t, emulator.AdminToken, "mlflow_restore_runs")
}

// TestRestoreRuns checks that the plan reports the runs that the invocation restores.
func TestRestoreRuns(t *testing.T) {
	t.Parallel()
	experiments := func(w *seeded, more ...any) map[string]any {
		config := acctest.AttributeValues(more...)
		config["experiment_ids"] = []string{w.a, w.b}
		return config
	}
	const getExperiment = "GET " + acctest.ExperimentsPath + "get"
	for name, tc := range map[string]struct {
		config func(*seeded) map[string]any
		warns  []string
		// left are the runs that remain deleted, and remain is their number if the server selects them.
		left   func(*seeded) [][]string
		remain int
		result string
		calls  map[string]int
	}{
		"all": {
			config: func(w *seeded) map[string]any { return experiments(w, "max_runs", 1000) }, result: "Restored 50 runs",
			warns: []string{"The action restores 50 deleted runs.", `experiment "/Shared/a" (`},
			calls: map[string]int{runSearch: 1, getExperiment: 2, runRestore: 50},
		},
		"a cutoff": {
			config: func(w *seeded) map[string]any { return experiments(w, "max_runs", 1000, "before", at(20)) }, result: "Restored 40 runs",
			warns: []string{"restores 40 deleted runs that started before 2026-03-01T12:20:00.000Z."},
			left:  func(w *seeded) [][]string { return [][]string{w.ofA[20:]} },
			calls: map[string]int{runSearch: 1, getExperiment: 2, runRestore: 40},
		},
		"a filter": {
			config: func(w *seeded) map[string]any {
				return experiments(w, "max_runs", 1000, "filter", "params.seed = '7'")
			}, result: "Restored 2 runs",
			warns: []string{"restores 2 deleted runs that match the filter."},
			left:  func(w *seeded) [][]string { return [][]string{without(w.ofA, 6), without(w.ofB, 6)} },
			calls: map[string]int{runSearch: 1, getExperiment: 2, runRestore: 2},
		},
		"the brake": {
			config: func(w *seeded) map[string]any { return experiments(w, "max_runs", 10, "older_than", "1h") },
			result: "Restored 10 runs; more runs match, invoke the action again to restore them",
			warns:  []string{"restores 10 deleted runs that started before ", ": the oldest of 50, as max_runs allows."},
			left:   func(w *seeded) [][]string { return [][]string{w.ofA[5:], w.ofB[5:]} },
			calls:  map[string]int{runSearch: 1, getExperiment: 2, runRestore: 10},
		},
		"by ID": {
			config: func(w *seeded) map[string]any {
				w.RestoreRun(w.ofA[1])
				return acctest.AttributeValues("run_ids", []string{w.ofA[0], w.ofA[1], w.ofB[0]})
			}, result: "Restored 2 runs",
			warns: []string{"restores 2 deleted runs."}, left: func(w *seeded) [][]string { return [][]string{w.ofA[2:], w.ofB[1:]} },
			calls: map[string]int{"GET " + runCalls + "get": 3, getExperiment: 2, runRestore: 2},
		},
		"by the time of deletion": {
			config: func(w *seeded) map[string]any {
				return experiments(w, "max_runs", 1000, "deleted_after", "2026-03-01T00:00:00Z")
			}, result: "Restored 50 runs",
			warns: []string{"restores 50 deleted runs at most, of those deleted at or after 2026-03-01T00:00:00Z."},
			calls: map[string]int{getExperiment: 2, bulkRestore: 2},
		},
		"by the time of deletion, as many as the brake allows": {
			config: func(w *seeded) map[string]any {
				return experiments(w, "max_runs", 50, "deleted_after", "2026-03-01T00:00:00Z")
			}, result: "Restored 50 runs; more runs may match, invoke the action again to restore them",
			warns: []string{"restores 50 deleted runs at most"}, calls: map[string]int{getExperiment: 2, bulkRestore: 2},
		},
		"by the time of deletion, with the brake": {
			config: func(w *seeded) map[string]any {
				return experiments(w, "max_runs", 30, "deleted_after", "2026-03-01T00:00:00Z")
			}, result: "Restored 30 runs; more runs may match, invoke the action again to restore them",
			warns: []string{"restores 30 deleted runs at most, of those deleted at or after 2026-03-01T00:00:00Z.\n\nDeleted runs:\n"},
			calls: map[string]int{getExperiment: 2, bulkRestore: 1}, remain: 20,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDeletedRuns(t, 30, 20)
			config := tc.config(w)
			acctest.ExpectDiagnostics(t, w.restoration(t).Plan(config), "warning: Action restores runs: ", tc.warns...)
			w.ExpectWrites(t)
			w.ResetJournal()
			if got := w.restoration(t).MustInvoke(config); !strings.HasPrefix(got, tc.result) {
				t.Errorf("got result %q, want %q", got, tc.result)
			}
			expectCalls(t, w.Workspace, tc.calls)
			switch {
			case tc.left != nil:
				w.expectDeleted(t, tc.left(w)...)
			case tc.remain == 0:
				w.expectDeleted(t)
			case len(w.deleted()) != tc.remain:
				t.Errorf("got %d deleted runs, want %d", len(w.deleted()), tc.remain)
			}
		})
	}
}

func without(ids []string, i int) []string { return slices.Delete(slices.Clone(ids), i, i+1) }

func TestRestoreRuns_nothing(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 1, 1)
	config := map[string]any{"experiment_ids": []string{w.a}, "max_runs": 10}
	acctest.ExpectDiagnostics(t, w.restoration(t).Plan(config), "")
	if got := w.restoration(t).MustInvoke(config); got != "Restored 0 runs" {
		t.Errorf("got result %q, want %q", got, "Restored 0 runs")
	}
	w.ExpectWrites(t)
}

func TestRestoreRuns_refused(t *testing.T) {
	t.Parallel()
	w := newDeletedRuns(t, 1, 1)
	for name, tc := range map[string]struct {
		config map[string]any
		says   string
	}{
		"nothing": {map[string]any{}, "error at experiment_ids: Invalid Attribute Combination"},
		"both": {map[string]any{"experiment_ids": []string{w.a}, "run_ids": w.ofA, "max_runs": 1},
			"error at experiment_ids: Invalid Attribute Combination"},
		"no max_runs": {map[string]any{"experiment_ids": []string{w.a}}, "error at experiment_ids: Invalid Attribute Combination"},
		"run IDs and a filter": {map[string]any{"run_ids": w.ofA, "filter": "metrics.loss > 0"},
			"error at run_ids: Invalid Attribute Combination"},
		"run IDs and max_runs": {map[string]any{"run_ids": w.ofA, "max_runs": 1}, "error at max_runs: Invalid Attribute Combination"},
		"two cutoffs": {map[string]any{"experiment_ids": []string{w.a}, "max_runs": 1, "before": at(1), "older_than": "1d"},
			"error at before: Invalid Attribute Combination"},
		"deletion and start": {map[string]any{"experiment_ids": []string{w.a}, "max_runs": 1, "before": at(1), "deleted_after": at(1)},
			"error at deleted_after: Invalid Attribute Combination"},
		"not a time": {map[string]any{"experiment_ids": []string{w.a}, "max_runs": 1, "deleted_after": "yesterday"},
			"error at deleted_after: Invalid time"},
		"no such run":            {map[string]any{"run_ids": []string{strings.Repeat("0", 32)}}, "error at run_ids: Could not read run: "},
		"not a run ID":           {map[string]any{"run_ids": []string{"a/b"}}, "error at run_ids: Invalid Attribute Value Match"},
		"no such experiment":     {map[string]any{"experiment_ids": []string{"404"}, "max_runs": 1}, "error: Could not search runs: "},
		"an unknown time is not": {map[string]any{"experiment_ids": []string{w.a}, "max_runs": 1, "before": tftypes.UnknownValue}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.ExpectDiagnostics(t, w.restoration(t).Plan(tc.config), tc.says)
		})
	}
}

// TestRestoreRuns_deletedExperiment checks that runs of a deleted experiment are not restored without it.
func TestRestoreRuns_deletedExperiment(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 3, 0)
	w.Trash(w.a)
	for _, config := range []map[string]any{
		{"experiment_ids": []string{w.a}, "max_runs": 10},
		{"experiment_ids": []string{w.a}, "max_runs": 10, "deleted_after": "2026-03-01T00:00:00Z"},
		{"run_ids": w.ofA},
	} {
		acctest.ExpectDiagnostics(t, w.restoration(t).Plan(config), "warning: Action restores runs: ", ": Experiment is deleted: ",
			"Unless it is restored first, the action fails.")
		_, says := w.restoration(t).Invoke(config)
		acctest.ExpectDiagnostics(t, says, "error at ", ": Experiment is deleted: ", "mlflow_restore_experiment")
	}
	w.ExpectWrites(t)
	w.Action(t, emulator.AdminToken, "mlflow_restore_experiment").MustInvoke(map[string]any{"experiment_id": w.a})
	w.expectDeleted(t)
}

// TestRestoreRuns_faults checks faults of bulk requests and of requests for single runs.
func TestRestoreRuns_faults(t *testing.T) {
	t.Parallel()
	const bulkPath = "/api/2.0/mlflow/databricks/runs/restore-runs"
	for name, tc := range map[string]struct {
		fault emulator.Fault
		says  []string
	}{
		"429": {fault: emulator.Fault{Path: bulkPath, Status: 429, Code: "REQUEST_LIMIT_EXCEEDED"}},
		"bulk, 500 after effect": {fault: emulator.Fault{Path: bulkPath, Skip: 1, Status: 500, Code: "INTERNAL_ERROR", AfterEffect: true},
			says: []string{"Deleted runs of experiment ", "restored at least 30 runs. To continue, invoke the action again"}},
		"bulk, cut": {fault: emulator.Fault{Path: bulkPath, DropBefore: true},
			says: []string{"Deleted runs of experiment ", "restored at least 0 runs."}},
		"bulk, 403": {fault: emulator.Fault{Path: bulkPath, Status: 403, Code: "PERMISSION_DENIED", Message: "no"},
			says: []string{"Grant CAN_EDIT", "restored 20 runs."}},
		"bulk, more than asked": {fault: emulator.Fault{Path: bulkPath, RawBody: `{"runs_restored":1001}`},
			says: []string{"although the request allows at most 1000 runs", "at least 0 runs"}},
		"bulk, a negative number": {fault: emulator.Fault{Path: bulkPath, RawBody: `{"runs_restored":-1}`},
			says: []string{"-1", "at least 0 runs"}},
		"single, 500 after effect": {fault: emulator.Fault{Path: runCalls + "restore", Status: 500, Code: "INTERNAL_ERROR", AfterEffect: true}},
		"single, 400": {fault: emulator.Fault{Path: runCalls + "restore", Skip: 10, Status: 400, Code: "INVALID_PARAMETER_VALUE",
			Times: -1}, says: []string{"Run \"", "restored 10 of 50 runs; 40 remain"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDeletedRuns(t, 30, 20)
			w.Inject(tc.fault)
			config := map[string]any{"experiment_ids": []string{w.a, w.b}, "max_runs": 1000}
			if tc.fault.Path == bulkPath {
				config["deleted_after"] = "2026-03-01T00:00:00Z"
			}
			_, says := w.restoration(t).Invoke(config)
			for _, part := range tc.says {
				if !strings.HasPrefix(says, "error") || !strings.Contains(says, "Could not restore runs: ") || !strings.Contains(says, part) {
					t.Errorf("got diagnostics %q, want %q in them", says, part)
				}
			}
			if tc.says == nil && says != "" {
				t.Errorf("got diagnostics %q, want none", says)
			}
			w.ClearFaults() // and again
			if _, says := w.restoration(t).Invoke(config); says != "" {
				t.Errorf("second invocation: got diagnostics %q, want none", says)
			}
			w.expectDeleted(t)
		})
	}
}

// TestRestoreRuns_server checks that an MLflow server does not restore runs by deletion time.
func TestRestoreRuns_server(t *testing.T) {
	t.Parallel()
	s := mlflowServer(t, nil)
	config := map[string]any{"experiment_ids": []string{"1"}, "max_runs": 10, "deleted_after": at(0)}
	action := acctest.NewProvider(t, s.ProviderConfig(nil)).Action("mlflow_restore_runs")
	acctest.ExpectDiagnostics(t, action.Plan(config), "error at deleted_after: Deletion time is not supported: ", "before or older_than")
	_, says := action.Invoke(config)
	acctest.ExpectDiagnostics(t, says, "error at deleted_after: Deletion time is not supported: ")
}
