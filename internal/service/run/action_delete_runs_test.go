package run_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	bulkDelete  = "POST /api/2.0/mlflow/databricks/runs/delete-runs"
	bulkRestore = "POST /api/2.0/mlflow/databricks/runs/restore-runs"
	runSearch   = "POST " + runCalls + "search"
	runDelete   = "POST " + runCalls + "delete"
	runRestore  = "POST " + runCalls + "restore"
)

// seeded is a workspace with two experiments, whose runs start one minute apart. The first run of each starts at start.
type seeded struct {
	*acctest.Workspace
	a, b     string   // experiments
	ofA, ofB []string // IDs of their runs, oldest first
}

func newSeeded(t *testing.T, inA, inB int) *seeded {
	t.Helper()
	w := &seeded{Workspace: acctest.NewWorkspace(t)}
	w.a, w.b = w.CreateExperiment(emulator.Admin, "/Shared/a", nil), w.CreateExperiment(emulator.Admin, "/Shared/b", nil)
	w.ofA = w.SeedRuns(w.a, inA, time.UnixMilli(start), time.Minute)
	w.ofB = w.SeedRuns(w.b, inB, time.UnixMilli(start), time.Minute)
	w.ResetJournal()
	return w
}

// at returns the time that is a number of minutes after start, in RFC 3339.
func at(minutes float64) string {
	return time.UnixMilli(start + int64(minutes*60_000)).UTC().Format(time.RFC3339Nano)
}

// deleted returns the IDs of the deleted runs of both experiments, sorted.
func (w *seeded) deleted() []string {
	var ids []string
	for _, r := range append(w.RunsOf(w.a), w.RunsOf(w.b)...) {
		if r.Deleted != 0 {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// expectDeleted checks which runs are deleted.
func (w *seeded) expectDeleted(t *testing.T, want ...[]string) {
	t.Helper()
	if got, all := w.deleted(), slices.Sorted(slices.Values(slices.Concat(want...))); !slices.Equal(got, all) {
		t.Errorf("got %d deleted runs, want %d:\n%q\n%q", len(got), len(all), got, all)
	}
}

func (w *seeded) deletion(t *testing.T) acctest.Action {
	t.Helper()
	return w.Action(t, emulator.AdminToken, "mlflow_delete_runs")
}

// expectCalls checks the number of requests to each endpoint since the last reset.
func expectCalls(t *testing.T, w *acctest.Workspace, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for _, call := range w.Calls() {
		got[call]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got requests %v, want %v", got, want)
	}
}

// TestDeleteRuns checks that the plan reports the runs that the invocation deletes.
func TestDeleteRuns(t *testing.T) {
	t.Parallel()
	finished := "attributes.status = 'FINISHED'"
	for name, tc := range map[string]struct {
		config map[string]any
		// warns are parts of the plan's warning, none if no run matches.
		warns        []string
		inA, inB     int // how many of the oldest runs are deleted
		result       string
		calls        map[string]int
		experimentIn func(*seeded) []string
	}{
		"a cutoff": {
			config: map[string]any{"before": at(20), "max_runs": 1000}, inA: 20, inB: 20, result: "Deleted 40 runs",
			warns: []string{"The action deletes 40 active runs that started before 2026-03-01T12:20:00.000Z.\n", `experiment "/Shared/a" (`,
				"20 runs", "mlflow_restore_runs"},
			calls: map[string]int{runSearch: 3, bulkDelete: 2},
		},
		"older than": {
			config: map[string]any{"older_than": "1h", "max_runs": 1000}, inA: 50, inB: 30, result: "Deleted 80 runs",
			warns: []string{"deletes 80 active runs"},
			calls: map[string]int{runSearch: 3, bulkDelete: 2},
		},
		"not that old": {
			config: map[string]any{"older_than": "9000d", "max_runs": 1000}, result: "Deleted 0 runs", calls: map[string]int{runSearch: 1},
		},
		"before 1970": {
			config: map[string]any{"older_than": "36500d", "max_runs": 1000}, result: "Deleted 0 runs", calls: map[string]int{runSearch: 1},
		},
		"the cutoff is not included": {
			config: map[string]any{"before": at(0), "max_runs": 1000}, result: "Deleted 0 runs", calls: map[string]int{runSearch: 1},
		},
		"the brake": {
			config: map[string]any{"before": at(100), "max_runs": 41}, inA: 21, inB: 20,
			result: "Deleted 41 runs; more runs match, invoke the action again to delete them",
			warns:  []string{"deletes 41 active runs that started before 2026-03-01T13:40:00.000Z: the oldest of 80, as max_runs allows."},
			// Run 21 of both experiments started at the same time, and only one of them is selected, so it is deleted by itself.
			calls: map[string]int{runSearch: 3, bulkDelete: 2, runDelete: 1},
		},
		"a brake of one": {
			config: map[string]any{"before": at(100), "max_runs": 1}, inA: 1,
			result: "Deleted 1 run; more runs match, invoke the action again to delete them",
			warns:  []string{"deletes 1 active run "}, calls: map[string]int{runSearch: 1, runDelete: 1},
		},
		"one experiment": {
			config: map[string]any{"before": at(100), "max_runs": 1000}, inB: 30, result: "Deleted 30 runs",
			experimentIn: func(w *seeded) []string { return []string{w.b} }, warns: []string{"deletes 30 active runs"},
			calls: map[string]int{runSearch: 3, bulkDelete: 1},
		},
		"a filter": {
			config: map[string]any{"before": at(3), "filter": finished, "max_runs": 1000}, inA: 3, inB: 3, result: "Deleted 6 runs",
			warns: []string{"deletes 6 active runs that started before 2026-03-01T12:03:00.000Z and match the filter."},
			calls: map[string]int{runSearch: 1, runDelete: 6},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSeeded(t, 50, 30)
			tc.config["experiment_ids"] = []string{w.a, w.b}
			if tc.experimentIn != nil {
				tc.config["experiment_ids"] = tc.experimentIn(w)
			}
			action := w.deletion(t)
			says := action.Plan(tc.config)
			begins := "warning: Action deletes runs: "
			if tc.warns == nil {
				begins = ""
			}
			acctest.ExpectDiagnostics(t, says, begins, tc.warns...)
			w.ExpectWrites(t)
			w.ResetJournal()
			if got := action.MustInvoke(tc.config); got != tc.result {
				t.Errorf("got result %q, want %q", got, tc.result)
			}
			expectCalls(t, w.Workspace, tc.calls)
			w.expectDeleted(t, w.oldest(w.ofA, w.ofB, tc.inA, tc.inB)...)
		})
	}
}

// oldest returns the oldest runs of each experiment. Of runs that started at the same time, the one with the lower ID is older: if inA is
// one more than inB, the additional run may be one of b.
func (w *seeded) oldest(a, b []string, inA, inB int) [][]string {
	if inA == inB+1 && b[inB] < a[inB] {
		inA, inB = inB, inA
	}
	return [][]string{a[:inA], b[:inB]}
}

func TestDeleteRuns_refused(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 1, 0)
	valid := map[string]any{"experiment_ids": []string{w.a}, "before": at(100), "max_runs": 10}
	for name, tc := range map[string]struct {
		runChange map[string]any
		says      string
	}{
		"both cutoffs":          {map[string]any{"older_than": "1h"}, "error at older_than: Invalid Attribute Combination"},
		"no cutoff":             {map[string]any{"before": nil}, "error at older_than: Invalid Attribute Combination"},
		"no experiments":        {map[string]any{"experiment_ids": []string{}}, "error at experiment_ids: "},
		"an experiment twice":   {map[string]any{"experiment_ids": []string{w.a, w.a}}, "error at experiment_ids: Duplicate List Value"},
		"a name":                {map[string]any{"experiment_ids": []string{"/Shared/a"}}, "error at experiment_ids: "},
		"no such experiment":    {map[string]any{"experiment_ids": []string{w.a, "404"}}, "error: Could not search runs: "},
		"no runs at all":        {map[string]any{"max_runs": 0}, "error at max_runs: "},
		"too many runs":         {map[string]any{"max_runs": 1_000_001}, "error at max_runs: "},
		"a negative age":        {map[string]any{"before": nil, "older_than": "-1h"}, "error at older_than: Invalid age: "},
		"no age":                {map[string]any{"before": nil, "older_than": "0d"}, "error at older_than: Invalid age: "},
		"not an age":            {map[string]any{"before": nil, "older_than": "ninety days"}, "error at older_than: Invalid age: "},
		"an age of centuries":   {map[string]any{"before": nil, "older_than": "99999999d"}, "error at older_than: Invalid age: "},
		"a date":                {map[string]any{"before": "2026-01-01"}, "error at before: Invalid time: "},
		"an empty filter":       {map[string]any{"filter": " "}, "error at filter: Invalid filter: "},
		"a filter with OR":      {map[string]any{"filter": "metrics.a > 1 OR metrics.b > 1"}, "error at filter: Invalid filter: "},
		"a filter of nonsense":  {map[string]any{"filter": "metrics.a >>> 1"}, "error at filter: Could not search runs: "},
		"a workspace of MLflow": {map[string]any{"workspace": "risk"}, "error at workspace: MLflow workspaces are not supported: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := maps.Clone(valid)
			maps.Copy(config, tc.runChange)
			acctest.ExpectDiagnostics(t, w.deletion(t).Plan(config), tc.says)
		})
	}
	t.Cleanup(func() { w.expectDeleted(t) })
}

// TestDeleteRuns_unknown checks that a plan with unknown values sends no request.
func TestDeleteRuns_unknown(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 1, 0)
	for _, name := range []string{"experiment_ids", "before", "filter", "max_runs"} {
		config := map[string]any{"experiment_ids": []string{w.a}, "before": at(100), "max_runs": 10, "filter": "metrics.loss > 0"}
		config[name] = tftypes.UnknownValue
		acctest.ExpectDiagnostics(t, w.deletion(t).Plan(config), "")
	}
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("got requests %q, want none", calls)
	}
}

// TestDeleteRuns_withoutStart checks that a run without a start time is not deleted, neither as the oldest run nor in bulk.
func TestDeleteRuns_withoutStart(t *testing.T) {
	t.Parallel()
	for _, filter := range []any{nil, "attributes.start_time >= 0"} {
		w := newSeeded(t, 20, 20)
		call := w.Backend()
		call.Header = http.Header{"Authorization": {"Bearer " + emulator.AdminToken}}
		answer := call.MustDo(t, "POST", runCalls+"create", map[string]any{"experiment_id": w.a, "start_time": 0, "run_name": "new"})
		if answer["run"] == nil {
			t.Fatalf("%v", answer)
		}
		// This run starts in the future: a bulk request would delete the new run instead.
		later := time.Now().Add(time.Hour)
		ahead := w.CreateRun(emulator.Run{ExperimentID: w.a, Started: later.UnixMilli(), Created: later.UnixMilli()})
		config := map[string]any{"experiment_ids": []string{w.a, w.b}, "before": later.Add(time.Hour).Format(time.RFC3339), "max_runs": 1000,
			"filter": filter}
		if got := w.deletion(t).MustInvoke(config); got != "Deleted 41 runs" {
			t.Errorf("got result %q, want %q", got, "Deleted 41 runs")
		}
		w.expectDeleted(t, w.ofA, w.ofB, []string{ahead})
	}
}

func TestDeleteRuns_20000(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 20_500, 0)
	config := map[string]any{"experiment_ids": []string{w.a}, "before": at(20_000), "max_runs": 20_000}
	acctest.ExpectDiagnostics(t, w.deletion(t).Plan(config), "warning: Action deletes runs: The action deletes 20,000 active runs ")
	w.ResetJournal()
	progress, says := w.deletion(t).Invoke(config)
	acctest.ExpectDiagnostics(t, says, "")
	if want := []string{"Deleted 10,000 of 20,000 runs", "Deleted 20,000 runs"}; !slices.Equal(progress, want) {
		t.Errorf("got progress %q, want %q", progress, want)
	}
	if n := len(w.Calls()); n > 5 {
		t.Errorf("got %d requests, want at most 5: %q", n, w.Calls())
	}
	w.expectDeleted(t, w.ofA[:20_000])

	w.ResetJournal()
	restored := w.Action(t, emulator.AdminToken, "mlflow_restore_runs")
	config = map[string]any{"experiment_ids": []string{w.a}, "deleted_after": "2026-03-01T00:00:00Z", "max_runs": 20_000}
	acctest.ExpectDiagnostics(t, restored.Plan(config), "warning: Action restores runs: The action restores 20,000 deleted runs ")
	if got := restored.MustInvoke(config); !strings.HasPrefix(got, "Restored 20,000 runs") {
		t.Errorf("got result %q, want %q", got, "Restored 20,000 runs")
	}
	w.expectDeleted(t)
}
