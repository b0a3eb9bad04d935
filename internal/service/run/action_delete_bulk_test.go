package run_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	bulkDeletePath = "/api/2.0/mlflow/databricks/runs/delete-runs"
	allOfThem      = 1_000_000
)

// oldRuns is the configuration of a deletion of all runs of both experiments.
func (w *seeded) oldRuns() map[string]any {
	return map[string]any{"experiment_ids": []string{w.a, w.b}, "before": at(1000), "max_runs": allOfThem}
}

// TestDeleteRuns_bulkFaults checks faults of bulk requests. The first request is for experiment a.
func TestDeleteRuns_bulkFaults(t *testing.T) {
	t.Parallel()
	refused := emulator.Fault{Status: 403, Code: "PERMISSION_DENIED", Message: "not yours"}
	for name, tc := range map[string]struct {
		fault emulator.Fault
		says  []string // none if it succeeds
		a, b  int      // how many runs are deleted
		alone int      // how many of them one by one
	}{
		"429":                   {fault: emulator.Fault{Status: 429, Code: "REQUEST_LIMIT_EXCEEDED"}, a: 40, b: 30},
		"500 without an effect": {fault: emulator.Fault{Status: 500, Code: "INTERNAL_ERROR"}, a: 40, b: 30},
		"500 after the effect":  {fault: emulator.Fault{Status: 500, Code: "INTERNAL_ERROR", AfterEffect: true}, a: 40, b: 30},
		"cut before the effect": {fault: emulator.Fault{DropBefore: true}, a: 40, b: 30},
		"cut after the effect":  {fault: emulator.Fault{DropAfter: true}, a: 40, b: 30},
		"always cut":            {fault: emulator.Fault{DropAfter: true, Times: -1}, a: 40, b: 30},
		"no such endpoint":      {fault: emulator.Fault{Status: 404, RawBody: "<html>Not Found</html>", Times: -1}, a: 40, b: 30, alone: 70},
		"403 on one experiment": {fault: refused, b: 30, says: []string{"error at experiment_ids: Could not delete runs: Runs of experiment ",
			"Grant CAN_EDIT", "deleted 30 of 70 runs; 40 remain"}},
		"400": {fault: emulator.Fault{Status: 400, Code: "INVALID_PARAMETER_VALUE", Message: "no"},
			says: []string{"error: Could not delete runs: Runs of experiment ", "deleted 0 of 70 runs; 70 remain"}},
		"more than were requested": {fault: emulator.Fault{RawBody: `{"runs_deleted":41}`}, a: 40, b: 30},
		"a negative number":        {fault: emulator.Fault{RawBody: `{"runs_deleted":-1}`}, a: 40, b: 30},
		"more than reported": {fault: emulator.Fault{RawBody: `{"runs_deleted":40}`}, a: 40, b: 30, alone: 40,
			says: []string{"warning: Runs deleted that were not selected: ", "reported 40 deleted runs more than"}},
		"nothing": {fault: emulator.Fault{RawBody: `{}`}, a: 40, b: 30, alone: 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSeeded(t, 40, 30)
			tc.fault.Path = bulkDeletePath
			w.Inject(tc.fault)
			progress, says := w.deletion(t).Invoke(w.oldRuns())
			begins := ""
			if tc.says != nil {
				begins = tc.says[0]
			}
			acctest.ExpectDiagnostics(t, says, begins, tc.says...)
			if !strings.HasPrefix(begins, "error") && !slices.Contains(progress, "Deleted 70 runs") {
				t.Errorf("got progress %q, want \"Deleted 70 runs\" in it", progress)
			}
			w.expectDeleted(t, w.ofA[:tc.a], w.ofB[:tc.b])
			if n := w.Count("POST", runCalls+"delete"); n != tc.alone {
				t.Errorf("got %d requests for single runs, want %d", n, tc.alone)
			}

			w.ClearFaults() // and again
			if _, says := w.deletion(t).Invoke(w.oldRuns()); says != "" {
				t.Errorf("second invocation: got diagnostics %q, want none", says)
			}
			w.expectDeleted(t, w.ofA, w.ofB)
		})
	}
}

// TestDeleteRuns_otherClocks checks runs whose start time differs from their creation time.
func TestDeleteRuns_otherClocks(t *testing.T) {
	t.Parallel()
	const hour = 60 * 60_000
	for name, tc := range map[string]struct {
		run     emulator.Run
		deleted bool
		warns   bool
	}{
		"imported: created after the cutoff":         {run: emulator.Run{Started: start + 1000, Created: start + 1000*hour}, deleted: true},
		"created before the first, started after it": {run: emulator.Run{Started: start + 2000*hour, Created: start - hour}, warns: true},
		"created and started after the cutoff":       {run: emulator.Run{Started: start + 2000*hour, Created: start + 2000*hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSeeded(t, 40, 30)
			tc.run.ExperimentID = w.a
			odd := w.CreateRun(tc.run)
			before := w.CreateRun(emulator.Run{ExperimentID: w.a, Started: start + 3000*hour}) // deleted by another client
			w.DeleteRun(before)
			_, says := w.deletion(t).Invoke(w.oldRuns())
			if warns := strings.HasPrefix(says, "warning: Runs deleted that were not selected: ") &&
				strings.Contains(says, "The action restored them: "+odd+"."); warns != tc.warns || !warns && says != "" {
				t.Errorf("got diagnostics %q, want a warning = %t", says, tc.warns)
			}
			want := [][]string{w.ofA, w.ofB, {before}}
			if tc.deleted {
				want = append(want, []string{odd})
			}
			w.expectDeleted(t, want...)
		})
	}
}

// TestDeleteRuns_otherClients checks runs that other clients create and delete while the action runs.
func TestDeleteRuns_otherClients(t *testing.T) {
	t.Parallel()
	for _, filter := range []any{nil, "metrics.loss > 0"} {
		w := newSeeded(t, 40, 30)
		var created []string
		others := false
		w.Before("POST", "/api/2.0/mlflow/*/*", func(r *http.Request) { actAsOtherClient(w, r, &others, &created) })
		w.Before("POST", bulkDeletePath, func(r *http.Request) { actAsOtherClient(w, r, &others, &created) })
		config := w.oldRuns()
		config["filter"] = filter
		if _, says := w.deletion(t).Invoke(config); says != "" {
			t.Errorf("filter %v: got diagnostics %q", filter, says)
		}
		if len(created) == 0 {
			t.Fatal("the other client sent no request")
		}
		w.expectDeleted(t, w.ofA, w.ofB)
	}
}

// actAsOtherClient creates a new run and deletes an old one before the first delete request.
func actAsOtherClient(w *seeded, r *http.Request, done *bool, created *[]string) {
	if *done || !strings.Contains(r.URL.Path, "delete") {
		return
	}
	*done = true
	*created = append(*created, w.CreateRun(emulator.Run{ExperimentID: w.a, Metrics: map[string]float64{"loss": 1}}))
	w.DeleteRun(w.ofA[3])
}

// TestDeleteRuns_singleFaults checks faults while runs are deleted one by one.
func TestDeleteRuns_singleFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault emulator.Fault
		says  []string
		all   bool // whether all runs are deleted all the same
	}{
		"429":                  {fault: emulator.Fault{Status: 429, Code: "REQUEST_LIMIT_EXCEEDED"}, all: true},
		"500 after the effect": {fault: emulator.Fault{Status: 500, Code: "INTERNAL_ERROR", AfterEffect: true}, all: true},
		"cut after the effect": {fault: emulator.Fault{DropAfter: true}, all: true},
		"400 in the middle": {fault: emulator.Fault{Skip: 35, Status: 400, Code: "INVALID_PARAMETER_VALUE", Message: "no", Times: -1},
			says: []string{"error: Could not delete runs: Run \"", "deleted 35 of 70 runs; 35 remain"}},
		"403 in the middle": {fault: emulator.Fault{Skip: 35, Status: 403, Code: "PERMISSION_DENIED", Message: "no", Times: -1},
			says: []string{"error at experiment_ids: Could not delete runs: Runs of ", "deleted 35 of 70 runs; 35 remain"}},
		"purged after the search": {fault: emulator.Fault{Skip: 35, Status: 404, Code: "RESOURCE_DOES_NOT_EXIST", Message: "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSeeded(t, 40, 30)
			tc.fault.Path = runCalls + "delete"
			w.Inject(tc.fault)
			config := w.oldRuns()
			config["filter"] = "metrics.loss > 0"
			_, says := w.deletion(t).Invoke(config)
			begins := ""
			if tc.says != nil {
				begins = tc.says[0]
			}
			acctest.ExpectDiagnostics(t, says, begins, tc.says...)
			if n := len(w.deleted()); tc.all && n != 70 || tc.says != nil && n != 35 {
				t.Errorf("got %d deleted runs, want 70, or 35 after an error", n)
			}
			w.ClearFaults() // and again
			if _, says := w.deletion(t).Invoke(config); says != "" {
				t.Errorf("second invocation: got diagnostics %q, want none", says)
			}
			w.expectDeleted(t, w.ofA, w.ofB)
		})
	}
}

// TestDeleteRuns_access checks that without CAN_EDIT on one experiment, the runs of the other one are deleted.
func TestDeleteRuns_access(t *testing.T) {
	t.Parallel()
	for _, filter := range []any{nil, "metrics.loss > 0"} {
		w := newSeeded(t, 40, 30)
		home := w.CreateExperiment(emulator.Admin, "/Users/"+emulator.Admin+"/c", nil)
		ofHome := w.SeedRuns(home, 20, time.UnixMilli(start), time.Minute)
		w.Grant(home, emulator.UserPrincipal(emulator.User), "CAN_READ")
		config := map[string]any{"experiment_ids": []string{w.a, home}, "before": at(1000), "max_runs": allOfThem, "filter": filter}
		_, says := w.Action(t, emulator.UserToken, "mlflow_delete_runs").Invoke(config)
		acctest.ExpectDiagnostics(t, says, "error at experiment_ids: Could not delete runs: Runs of experiment "+home,
			"deleted 40 of 60 runs; 20 remain")
		w.expectDeleted(t, w.ofA)
		for _, id := range ofHome {
			if r, _ := w.Run(id); r.Deleted != 0 {
				t.Fatalf("got deleted run %s, want it active", id)
			}
		}
	}
}

// TestDeleteRuns_ignoredFilter checks that nothing is deleted if a server returns runs that do not match.
func TestDeleteRuns_ignoredFilter(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 1, 0)
	r, _ := w.Run(w.ofA[0])
	answer := func(started string) string {
		return `{"runs":[{"info":{"run_id":"` + r.ID + `","experiment_id":"` + w.a + `","lifecycle_stage":"active","start_time":` +
			started + `}}]}`
	}
	for started, says := range map[string]string{
		"1999999999999": "error: Could not search runs: ", "0": "error: Could not search runs: ",
	} {
		w.Inject(emulator.Fault{Path: runCalls + "search", RawBody: answer(started), Times: 2})
		_, got := w.deletion(t).Invoke(w.oldRuns())
		acctest.ExpectDiagnostics(t, got, says, "Nothing was changed")
		w.ClearFaults()
	}
	w.ExpectWrites(t)
}

// TestDeleteRuns_largePages checks that smaller pages are requested if the server rejects a page size.
func TestDeleteRuns_largePages(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 2500, 0)
	w.Inject(emulator.Fault{Path: runCalls + "search", Body: `"max_results":50000`, Status: 504, RawBody: "<html>Gateway Timeout</html>"})
	w.Inject(emulator.Fault{Path: runCalls + "search", Body: `"max_results":12500`, Truncate: true})
	config := w.oldRuns()
	config["before"] = at(5000)
	if got := w.deletion(t).MustInvoke(config); got != "Deleted 2,500 runs" {
		t.Errorf("got result %q, want %q", got, "Deleted 2,500 runs")
	}
	if w.RemainingFaults() > 0 {
		t.Error("got remaining faults, want none")
	}
	w.expectDeleted(t, w.ofA)
}

// TestDeleteRuns_canceled checks that a canceled action stops and reports the number of deleted runs.
func TestDeleteRuns_canceled(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]any{"in bulk": nil, "one by one": "metrics.loss > 0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSeeded(t, 400, 400)
			ctx, cancel := context.WithCancel(t.Context())
			config := w.oldRuns()
			config["filter"] = filter
			progress, says := w.deletion(t).InvokeContext(ctx, config, func(string) { cancel() })
			n := len(w.deleted())
			if n == 800 && says == "" && len(progress) == 1 { // it was done when it was canceled
				return
			}
			acctest.ExpectDiagnostics(t, says, "error: Could not delete runs: The action was canceled.", "of 800 runs")
			if exact := fmt.Sprintf("deleted %d of 800 runs; %d remain.", n, 800-n); n < 100 || !strings.Contains(says, exact) &&
				!strings.Contains(says, "deleted at least ") {
				t.Errorf("got %d deleted runs and diagnostics %q, want an error with their number", n, says)
			}
		})
	}
}

// TestDeleteRuns_manyWithoutStart checks that runs without a start time in one experiment do not hide those in another.
func TestDeleteRuns_manyWithoutStart(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 40, 30)
	for range 40 {
		w.CreateRun(emulator.Run{ExperimentID: w.a, Started: -2})
	}
	w.CreateRun(emulator.Run{ExperimentID: w.b, Started: -1, Created: start - 60_000})
	config := w.oldRuns()
	config["max_runs"] = 25
	if got := w.deletion(t).MustInvoke(config); !strings.HasPrefix(got, "Deleted 25 runs; ") {
		t.Errorf("got result %q, want %q", got, "Deleted 25 runs; ")
	}
	w.expectDeleted(t, w.oldest(w.ofA, w.ofB, 13, 12)...)
}

// TestDeleteRuns_otherClientsDeleteMany checks the warning if other clients delete too many runs to determine those of an uncertain
// request.
func TestDeleteRuns_otherClientsDeleteMany(t *testing.T) {
	t.Parallel()
	w := newSeeded(t, 40, 0)
	newer := w.SeedRuns(w.a, 1200, time.UnixMilli(start).Add(100*time.Hour), time.Minute)
	var once sync.Once
	w.Before("POST", bulkDeletePath, func(*http.Request) {
		once.Do(func() {
			for _, id := range newer {
				w.DeleteRun(id)
			}
		})
	})
	w.Inject(emulator.Fault{Path: bulkDeletePath, DropAfter: true})
	_, says := w.deletion(t).Invoke(w.oldRuns())
	acctest.ExpectDiagnostics(t, says, "warning: Runs deleted that were not selected: ", "too many runs were deleted while the action ran",
		"Check the deleted runs of experiments "+w.a)
	w.expectDeleted(t, w.ofA, newer)
}
