package emulator_test

import (
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestOutOfBandRuns changes runs without requests, and reads them over HTTP.
func TestOutOfBandRuns(t *testing.T) {
	clock := newClock()
	w, admin, id := startRuns(t, emulator.Options{Now: clock.Now})
	now := clock.now.UnixMilli()
	bare := w.CreateRun(emulator.Run{ExperimentID: id})
	r, ok := w.Run(bare)
	wantEqual(t, "found", ok, true)
	wantEqual(t, "defaults", []any{r.Status, r.Created, r.Started, r.Ended, r.Deleted}, []any{"RUNNING", now, now, 0, 0})
	if _, ok := w.Run("none"); ok {
		t.Error("found a run that does not exist")
	}
	clock.now = clock.now.Add(time.Second)
	w.LogMetric(bare, "loss", 0.5)
	w.DeleteRun(bare)
	info := child(admin.run(bare), "info")
	wantEqual(t, "stage", info["lifecycle_stage"], "deleted")
	w.RestoreRun(bare)
	wantEqual(t, "stage", child(admin.run(bare), "info")["lifecycle_stage"], "active")
	wantEqual(t, "metrics", entries(admin.run(bare), "metrics"), []string{"loss=0.5"})

	ids := w.SeedRuns(id, 3, time.UnixMilli(1000), time.Minute)
	first, last := admin.run(ids[0]), admin.run(ids[2])
	wantEqual(t, "first run", child(first, "info")["run_name"], "run-000001")
	wantEqual(t, "its times", []any{child(first, "info")["start_time"], child(first, "info")["end_time"]}, []any{1000, 2000})
	wantEqual(t, "its data", []any{entries(first, "metrics"), entries(first, "params"), entries(first, "tags")}, []any{
		[]string{"loss=1"}, []string{"seed=1"}, []string{"mlflow.runName=run-000001", "team=red"},
	})
	wantEqual(t, "start of the last run", child(last, "info")["start_time"], 121000)
	wantEqual(t, "status", child(last, "info")["status"], "FINISHED")
	defer func() {
		if recover() == nil {
			t.Error("deleting a run that does not exist must panic")
		}
	}()
	w.DeleteRun("none")
}
