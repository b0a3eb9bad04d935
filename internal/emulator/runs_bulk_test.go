package emulator_test

import (
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestRunsBulk(t *testing.T) {
	clock := newClock()
	w, admin, id := startRuns(t, emulator.Options{Now: clock.Now})
	other := w.CreateExperiment(emulator.Admin, "/Projects/other", nil)
	first := clock.now.Add(-10 * time.Hour)
	ids := w.SeedRuns(id, 5, first, time.Hour)
	w.SeedRuns(other, 1, first, time.Hour)
	// The start time that a client sets is ignored.
	w.CreateRun(emulator.Run{ExperimentID: id, Started: 1})
	bulk := func(verb, field string, at int64, more object) float64 {
		body := object{"experiment_id": id, field: at}
		for key, value := range more {
			body[key] = value
		}
		n, _ := admin.ok("POST", bulkAPI+verb+"-runs", body).json["runs_"+verb+"d"].(float64)
		return n
	}
	remove := func(at int64, more object) float64 { return bulk("delete", "max_timestamp_millis", at, more) }
	restore := func(at int64, more object) float64 { return bulk("restore", "min_timestamp_millis", at, more) }
	active := func() int {
		return len(list(admin.ok("POST", runsAPI+"search", object{"experiment_ids": []string{id}}).json, "runs"))
	}
	third := first.Add(2 * time.Hour).UnixMilli()
	wantEqual(t, "deleted before all", remove(first.UnixMilli()-1, nil), 0)
	wantEqual(t, "deleted, bounded", remove(third, object{"max_runs": 2}), 2)
	if r, _ := w.Run(ids[2]); r.Deleted != 0 {
		t.Error("the oldest runs are not deleted first")
	}
	wantEqual(t, "deleted at the very time", remove(third, nil), 1)
	wantEqual(t, "deleted again", remove(third, nil), 0)
	wantEqual(t, "active", active(), 3)
	clock.now = clock.now.Add(time.Minute)
	wantEqual(t, "deleted later", remove(clock.now.UnixMilli(), object{"max_runs": 10000}), 3)
	wantEqual(t, "active", active(), 0)
	wantEqual(t, "restored what was deleted later", restore(clock.now.UnixMilli(), nil), 3)
	wantEqual(t, "restored, bounded", restore(0, object{"max_runs": 1}), 1)
	wantEqual(t, "restored the rest", restore(0, nil), 2)
	wantEqual(t, "restored again", restore(0, nil), 0)
	wantEqual(t, "active", active(), 6)
	if r := w.RunsOf(other)[0]; r.Deleted != 0 {
		t.Error("a run of another experiment was deleted")
	}
	if a := admin.ok("POST", bulkAPI+"delete-runs", object{"experiment_id": id, "max_timestamp_millis": 0}); a.raw != "{}\n" {
		t.Errorf("nothing was deleted: got %s, want {}", a.raw)
	}
	for _, c := range []struct {
		name, verb string
		body       object
		status     int
		message    string
	}{
		{"no time", "delete-runs", object{"experiment_id": id}, 400, "'max_timestamp_millis'"},
		{"no time", "restore-runs", object{"experiment_id": id}, 400, "'min_timestamp_millis'"},
		{"no experiment", "delete-runs", object{"max_timestamp_millis": 0}, 400, "'experiment_id'"},
		{"no runs", "delete-runs", object{"experiment_id": id, "max_timestamp_millis": 0, "max_runs": 0}, 400, "'max_runs'"},
		{"too many runs", "delete-runs", object{"experiment_id": id, "max_timestamp_millis": 0, "max_runs": 10001}, 400, "10000"},
		{"too many runs", "restore-runs", object{"experiment_id": id, "min_timestamp_millis": 0, "max_runs": 10001}, 400, "10000"},
		{"unknown experiment", "restore-runs", object{"experiment_id": "42", "min_timestamp_millis": 0}, 404, "42"},
	} {
		code := map[int]string{400: "INVALID_PARAMETER_VALUE", 404: "RESOURCE_DOES_NOT_EXIST"}[c.status]
		admin.post(bulkAPI+c.verb, c.body).wantError(t, c.status, code, c.message)
	}
}

// TestRunsBulk_many deletes 20,000 runs and restores them.
func TestRunsBulk_many(t *testing.T) {
	clock := newClock()
	w, admin, id := startRuns(t, emulator.Options{Now: clock.Now})
	w.SeedRuns(id, 20_000, clock.now.Add(-30*24*time.Hour), time.Minute)
	began := time.Now()
	body := object{"experiment_ids": []string{id}, "max_results": 1000, "filter": "metrics.loss > 0", "order_by": []string{"metrics.loss ASC"}}
	for found := 0; ; {
		a := admin.ok("POST", runsAPI+"search", body)
		found += len(list(a.json, "runs"))
		if body["page_token"] = text(a.json, "next_page_token"); body["page_token"] == "" {
			wantEqual(t, "found", found, 20_000)
			break
		}
	}
	t.Logf("20 pages took %v", time.Since(began))
	for _, want := range []float64{10_000, 10_000, 0} {
		n, _ := admin.ok("POST", bulkAPI+"delete-runs", object{"experiment_id": id,
			"max_timestamp_millis": clock.now.UnixMilli()}).json["runs_deleted"].(float64)
		wantEqual(t, "deleted", n, want)
	}
	for _, want := range []float64{10_000, 10_000, 0} {
		n, _ := admin.ok("POST", bulkAPI+"restore-runs", object{"experiment_id": id, "min_timestamp_millis": 0}).json["runs_restored"].(float64)
		wantEqual(t, "restored", n, want)
	}
}
