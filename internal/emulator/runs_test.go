package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	runsAPI = "/api/2.0/mlflow/runs/"
	bulkAPI = "/api/2.0/mlflow/databricks/runs/"
)

// startRuns serves a workspace with an experiment that User can edit, OtherUser can read, and ServicePrincipal cannot see.
func startRuns(t *testing.T, options emulator.Options) (w *emulator.Workspace, admin client, experiment string) {
	t.Helper()
	if options.Tokens == nil {
		options.Tokens = map[string]string{
			emulator.AdminToken: emulator.Admin, emulator.UserToken: emulator.User, "reader-token": emulator.OtherUser,
			emulator.ServicePrincipalToken: emulator.ServicePrincipal,
		}
	}
	w, admin = start(t, options)
	experiment = w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	w.Grant(experiment, emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	w.Grant(experiment, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	return w, admin, experiment
}

func (p client) createRun(body object) object {
	p.t.Helper()
	return child(p.ok("POST", runsAPI+"create", body).json, "run")
}

func (p client) run(id string) object {
	p.t.Helper()
	return child(p.ok("GET", runsAPI+"get?run_id="+id, nil).json, "run")
}

func runID(run object) string { return text(child(run, "info"), "run_id") }

// entries lists the metrics, params, or tags of a run as key=value.
func entries(run object, kind string) []string {
	all := []string{}
	for _, e := range list(child(run, "data"), kind) {
		all = append(all, fmt.Sprintf("%v=%v", e["key"], e["value"]))
	}
	return all
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRunsCreate(t *testing.T) {
	clock := newClock()
	w, admin, id := startRuns(t, emulator.Options{Now: clock.Now})
	clock.now = clock.now.Add(time.Hour)
	run := admin.createRun(object{
		"experiment_id": id, "run_name": "first", "start_time": 1000, "user_id": "ana",
		"tags": []object{{"key": "team", "value": "red"}, {"key": "empty", "value": ""}},
	})
	info := child(run, "info")
	wantEqual(t, "info", info, object{
		"run_id": runID(run), "run_uuid": runID(run), "run_name": "first", "experiment_id": id, "user_id": "ana", "status": "RUNNING",
		"start_time": 1000, "artifact_uri": "dbfs:/databricks/mlflow-tracking/" + id + "/" + runID(run) + "/artifacts",
		"lifecycle_stage": "active",
	})
	wantEqual(t, "tags", entries(run, "tags"), []string{"empty=", "mlflow.runName=first", "team=red"})
	if len(runID(run)) != 32 {
		t.Errorf("ID: got %s", runID(run))
	}
	wantEqual(t, "read back", admin.run(runID(run)), run)
	wantEqual(t, "by the older name", child(admin.get(runsAPI+"get?run_uuid="+runID(run)).json, "run"), run)
	wantEqual(t, "last update of the experiment", admin.experiment(id)["last_update_time"], float64(clock.now.UnixMilli()))

	bare := admin.createRun(object{"experiment_id": id})
	wantEqual(t, "start time", child(bare, "info")["start_time"], float64(clock.now.UnixMilli()))
	if name := text(child(bare, "info"), "run_name"); name == "" || !slices.Contains(entries(bare, "tags"), "mlflow.runName="+name) {
		t.Errorf("got %v, want a name and its tag", bare)
	}
	wantEqual(t, "start time in a string", child(admin.createRun(object{"experiment_id": id, "start_time": "0"}), "info")["start_time"], 0)
	named := admin.createRun(object{"experiment_id": id, "tags": []object{{"key": "mlflow.runName", "value": "by tag"}}})
	wantEqual(t, "name", child(named, "info")["run_name"], "by tag")
	if n := len(w.RunsOf(id)); n != 4 {
		t.Errorf("%d runs", n)
	}
	trashed := w.CreateExperiment(emulator.Admin, "/Projects/trashed", nil)
	w.Trash(trashed)
	for _, c := range []struct {
		name    string
		body    object
		status  int
		code    string
		message string
	}{
		{"no experiment", object{}, 400, "INVALID_PARAMETER_VALUE", "'experiment_id'"},
		{"unknown experiment", object{"experiment_id": "42"}, 404, "RESOURCE_DOES_NOT_EXIST", "42"},
		{"deleted experiment", object{"experiment_id": trashed}, 400, "INVALID_PARAMETER_VALUE", "'active' state"},
		{"two names", object{"experiment_id": id, "run_name": "a", "tags": []object{{"key": "mlflow.runName", "value": "b"}}}, 400,
			"INVALID_PARAMETER_VALUE", "different values"},
		{"tag without a key", object{"experiment_id": id, "tags": []object{{"value": "b"}}}, 400, "INVALID_PARAMETER_VALUE", "'key'"},
		{"no number", object{"experiment_id": id, "start_time": "soon"}, 400, "MALFORMED_REQUEST", "whole number"},
	} {
		t.Run(c.name, func(t *testing.T) { admin.post(runsAPI+"create", c.body).wantError(t, c.status, c.code, c.message) })
	}
}

func TestRunsUpdate(t *testing.T) {
	_, admin, id := startRuns(t, emulator.Options{})
	run := runID(admin.createRun(object{"experiment_id": id, "run_name": "first"}))
	for i, status := range []string{"SCHEDULED", "FINISHED", "FAILED", "KILLED", "RUNNING"} {
		info := child(admin.ok("POST", runsAPI+"update", object{"run_id": run, "status": status, "end_time": 2000 + i,
			"run_name": "renamed"}).json, "run_info")
		wantEqual(t, "status", info["status"], status)
		wantEqual(t, "end", info["end_time"], 2000+i)
		wantEqual(t, "name", info["run_name"], "renamed")
	}
	admin.ok("POST", runsAPI+"update", object{"run_uuid": run})
	wantEqual(t, "tag", entries(admin.run(run), "tags"), []string{"mlflow.runName=renamed"})
	admin.ok("POST", runsAPI+"set-tag", object{"run_id": run, "key": "mlflow.runName", "value": "by tag"})
	wantEqual(t, "name", child(admin.run(run), "info")["run_name"], "by tag")
	admin.post(runsAPI+"update", object{"run_id": run, "status": "DONE"}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'status'")
	admin.post(runsAPI+"update", object{"status": "FAILED"}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'run_id'")
}

// TestRunsLifecycle deletes and restores runs, individually and with their experiment.
func TestRunsLifecycle(t *testing.T) {
	clock := newClock()
	w, admin, id := startRuns(t, emulator.Options{Now: clock.Now})
	first, second := runID(admin.createRun(object{"experiment_id": id})), runID(admin.createRun(object{"experiment_id": id}))
	stage := func(run string) string { return text(child(admin.run(run), "info"), "lifecycle_stage") }
	for range 2 { // the second time succeeds, too, and does not change the time
		if a := admin.ok("POST", runsAPI+"delete", object{"run_id": first}); a.raw != "{}\n" {
			t.Errorf("got %s", a.raw)
		}
		wantEqual(t, "stage", stage(first), "deleted")
		clock.now = clock.now.Add(time.Minute)
	}
	if r, _ := w.Run(first); r.Deleted != clock.now.Add(-2*time.Minute).UnixMilli() {
		t.Errorf("deleted at %d", r.Deleted)
	}
	for range 2 {
		admin.ok("POST", runsAPI+"restore", object{"run_id": first})
		wantEqual(t, "stage", stage(first), "active")
	}
	admin.ok("POST", experimentsAPI+"delete", object{"experiment_id": id})
	wantEqual(t, "stages in Trash", stage(first)+stage(second), "deleteddeleted")
	admin.ok("POST", runsAPI+"restore", object{"run_id": first})
	wantEqual(t, "restored in Trash", stage(first)+text(admin.experiment(id), "lifecycle_stage"), "activedeleted")
	admin.ok("POST", experimentsAPI+"restore", object{"experiment_id": id})
	wantEqual(t, "stages of the restored experiment", stage(first)+stage(second), "activeactive")

	for _, verb := range []string{"delete", "restore"} {
		admin.post(runsAPI+verb, object{"run_id": "42"}).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=42 not found")
		admin.post(runsAPI+verb, object{}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'run_id'")
	}
	w.PurgeRun(second)
	admin.get(runsAPI+"get?run_id="+second).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", second)
	w.Recreate(id)
	admin.get(runsAPI+"get?run_id="+first).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", first)
}

// runCalls are the calls for one run.
var runCalls = []struct {
	call  string
	body  object
	write bool // rejected for deleted runs
}{
	{call: "GET /api/2.0/mlflow/runs/get?x="},
	{call: "GET /api/2.0/mlflow/metrics/get-history?metric_key=loss"},
	{call: "GET /api/2.0/mlflow/artifacts/list?x="},
	{call: "POST " + runsAPI + "update", body: object{"status": "FAILED"}, write: true},
	{call: "POST " + runsAPI + "log-metric", body: object{"key": "loss", "value": 1, "timestamp": 1}, write: true},
	{call: "POST " + runsAPI + "log-parameter", body: object{"key": "p", "value": "1"}, write: true},
	{call: "POST " + runsAPI + "log-batch", body: object{}, write: true},
	{call: "POST " + runsAPI + "log-inputs", body: object{}, write: true},
	{call: "POST " + runsAPI + "outputs", body: object{}, write: true},
	{
		call: "POST " + runsAPI + "log-model", write: true,
		body: object{"model_json": `{"run_id":"","artifact_path":"","utc_time_created":"","flavors":{}}`},
	},
	{call: "POST " + runsAPI + "set-tag", body: object{"key": "t", "value": "1"}, write: true},
	{call: "POST " + runsAPI + "delete-tag", body: object{"key": "mlflow.runName"}, write: true},
	{call: "POST " + runsAPI + "delete", body: object{}},
	{call: "POST " + runsAPI + "restore", body: object{}},
}

// callRun sends a request with one of the two names of the run's ID.
func (p client) callRun(call string, body object, field, run string) response {
	p.t.Helper()
	method, path, _ := strings.Cut(call, " ")
	if body == nil {
		return p.do(method, path+"&"+field+"="+run, nil)
	}
	with := object{field: run}
	for key, value := range body {
		with[key] = value
	}
	return p.do(method, path, with)
}

func TestRunsAccess(t *testing.T) {
	for _, c := range runCalls {
		t.Run(c.call, func(t *testing.T) {
			w, admin, id := startRuns(t, emulator.Options{})
			run := w.CreateRun(emulator.Run{ExperimentID: id})
			reader, stranger := admin.as("reader-token"), admin.as(emulator.ServicePrincipalToken)
			stranger.callRun(c.call, c.body, "run_id", run).wantError(t, 403, "PERMISSION_DENIED", emulator.ServicePrincipal)
			if c.body == nil {
				wantEqual(t, "status for a reader", reader.callRun(c.call, c.body, "run_id", run).status, 200)
			} else {
				reader.callRun(c.call, c.body, "run_id", run).wantError(t, 403, "PERMISSION_DENIED", emulator.OtherUser)
			}
			wantEqual(t, "status for an editor", admin.as(emulator.UserToken).callRun(c.call, c.body, "run_uuid", run).status, 200)
			admin.callRun(c.call, c.body, "run_id", "42").wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "42")
			admin.callRun(c.call, c.body, "run_id", "").wantError(t, 400, "INVALID_PARAMETER_VALUE", "'run_id'")
			w.DeleteRun(run)
			if deleted := admin.callRun(c.call, c.body, "run_id", run); c.write {
				deleted.wantError(t, 400, "INVALID_PARAMETER_VALUE", "'active' state")
			} else {
				wantEqual(t, "status for a deleted run", deleted.status, 200)
			}
		})
	}
	_, admin, id := startRuns(t, emulator.Options{})
	for call, body := range map[string]object{
		runsAPI + "create":       {},
		bulkAPI + "delete-runs":  {"max_timestamp_millis": 0},
		bulkAPI + "restore-runs": {"min_timestamp_millis": 0},
	} {
		body["experiment_id"] = id
		admin.as("reader-token").post(call, body).wantError(t, 403, "PERMISSION_DENIED", "Edit")
		wantEqual(t, "status for an editor", admin.as(emulator.UserToken).post(call, body).status, 200)
	}
	search := object{"experiment_ids": []string{id}}
	admin.as(emulator.ServicePrincipalToken).post(runsAPI+"search", search).wantError(t, 403, "PERMISSION_DENIED", "View")
	wantEqual(t, "status for a reader", admin.as("reader-token").post(runsAPI+"search", search).status, 200)
}
