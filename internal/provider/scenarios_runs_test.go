package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

const (
	runsAPI   = "/api/2.0/mlflow/runs/"
	firstRun  = 1_772_366_400_000 // 2026-03-01T12:00:00Z
	missingID = "0123456789abcdef0123456789abcdef"
)

// trainedRun is a run as a training job logs it.
type trainedRun struct {
	name, status string
	metrics      map[string]any // numbers, or "NaN"
	params, tags map[string]string
}

// log logs a run that starts n seconds after the first one, and returns its ID and the location of its artifacts.
func (r trainedRun) log(t *testing.T, b *acctest.Backend, experimentID string, n int) (id, artifactURI string) {
	t.Helper()
	started := firstRun + int64(n)*1000
	info := createRun(t, b, map[string]any{
		"experiment_id": experimentID, "run_name": r.name, "start_time": started,
		"tags": keyValues(r.tags, map[string]string{"mlflow.user": "trainer"}),
	})
	id = fmt.Sprint(info["run_id"])
	metrics := []any{} // MLflow fails on null
	for key, value := range r.metrics {
		metrics = append(
			metrics,
			map[string]any{"key": key, "value": 0, "timestamp": started, "step": 1},
			map[string]any{"key": key, "value": value, "timestamp": started + 1, "step": 2},
		)
	}
	b.MustDo(t, "POST", runsAPI+"log-batch", map[string]any{"run_id": id, "metrics": metrics, "params": keyValues(r.params)})
	if r.status != "RUNNING" {
		b.MustDo(t, "POST", runsAPI+"update", map[string]any{"run_id": id, "status": r.status, "end_time": started + 500})
	}
	return id, fmt.Sprint(info["artifact_uri"])
}

// createRun creates a run and returns its info.
func createRun(t *testing.T, b *acctest.Backend, body map[string]any) map[string]any {
	t.Helper()
	created, _ := b.MustDo(t, "POST", runsAPI+"create", body)["run"].(map[string]any)
	info, _ := created["info"].(map[string]any)
	return info
}

func keyValues(all ...map[string]string) []any {
	list := []any{}
	for _, m := range all {
		for key, value := range m {
			list = append(list, map[string]any{"key": key, "value": value})
		}
	}
	return list
}

// trainedRuns are the runs of the scenarios. They start in this order.
var trainedRuns = []trainedRun{
	{"old", "FINISHED", map[string]any{"auc": 0.7}, nil, nil},
	{
		"best",
		"FINISHED",
		map[string]any{"auc": 0.9, "loss": 0.25},
		map[string]string{"learning rate": "0.1", "depth": "6"},
		map[string]string{"release": "it's"},
	},
	{"failed", "FAILED", map[string]any{"loss": "NaN"}, nil, nil},
	{"killed", "KILLED", nil, nil, nil},
	{"running", "RUNNING", nil, nil, nil},
	{"deleted", "FINISHED", nil, nil, nil},
}

// runDataSources reads the runs that training jobs logged.
func runDataSources(t *testing.T, b *acctest.Backend) {
	d := b.Provider(t, nil)
	experiment, empty := b.CreateExperiment(t, b.Name("trained"), nil), b.CreateExperiment(t, b.Name("untrained"), nil)
	ids := map[string]string{}
	for n, r := range trainedRuns {
		ids[r.name], _ = r.log(t, b, experiment, n)
	}
	b.MustDo(t, "POST", runsAPI+"delete", map[string]any{"run_id": ids["deleted"]})
	for name, tc := range map[string]struct {
		config map[string]any
		want   string
		more   bool
	}{
		"newest first":      {nil, "running killed failed best old", false},
		"a limit":           {map[string]any{"limit": 2}, "running killed", true},
		"a limit that fits": {map[string]any{"limit": 5}, "running killed failed best old", false},
		"deleted":           {map[string]any{"view_type": "DELETED_ONLY"}, "deleted", false},
		"all":               {map[string]any{"view_type": "ALL"}, "deleted running killed failed best old", false},
		"by metric":         {map[string]any{"order_by": []string{"metrics.auc DESC"}}, "best old running killed failed", false},
		"by status":         {map[string]any{"order_by": []string{"attributes.status"}}, "failed best old killed running", false},
		"one status":        {map[string]any{"status": []string{"FINISHED"}}, "best old", false},
		"statuses":          {map[string]any{"status": []string{"KILLED", "FAILED", "RUNNING"}, "limit": 2}, "running killed", true},
		"all but one": {map[string]any{"status": []string{"SCHEDULED", "FINISHED", "FAILED", "RUNNING"}}, "running failed best old",
			false},
		"statuses and a filter": {map[string]any{"status": []string{"FINISHED", "FAILED"}, "filter": "metrics.auc > 0.8"}, "best", false},
		"odd keys":              {map[string]any{"filter": "params.`learning rate` = '0.1' AND tags.release = \"it's\""}, "best", false},
		"no match":              {map[string]any{"filter": "tags.release = 'none'"}, "", false},
		"an empty experiment":   {map[string]any{"experiment_ids": []string{empty}}, "", false},
	} {
		config := map[string]any{"experiment_ids": []string{experiment, empty}, "limit": 100}
		maps.Copy(config, tc.config)
		state, diags := d.ReadDataSource("mlflow_runs", config)
		if got := runNames(state); diags != "" || got != tc.want || acctest.IsTrue(state["has_more"]) != tc.more {
			t.Errorf("%s: runs %q, has_more %v, diagnostics %q", name, got, state["has_more"], diags)
		}
	}
	checkRefusedSearches(t, d, experiment)
	checkTrainedRun(t, d, experiment, ids)
}

func runNames(state map[string]any) string {
	var names []string
	for _, r := range acctest.ObjectsOf(state["runs"]) {
		names = append(names, fmt.Sprint(r["run_name"]))
	}
	return strings.Join(names, " ")
}

// checkRefusedSearches checks the diagnostics of searches that the server rejects.
func checkRefusedSearches(t *testing.T, d *acctest.Provider, experiment string) {
	t.Helper()
	for _, tc := range []struct {
		more  map[string]any
		diags string
	}{
		{map[string]any{"filter": "metrics.auc >"}, "error at filter: Could not search runs: "},
		{map[string]any{"filter": "attributes.owner = 'ana'", "order_by": []string{"metrics.auc"}, "status": []string{"FINISHED"}},
			"error at filter: Could not search runs: "},
		{map[string]any{"filter": "metrics.auc > 0", "order_by": []string{"metrics.auc UP"}}, "error at order_by: Could not search runs: "},
		{map[string]any{"order_by": []string{"attributes.owner"}}, "error at order_by: Could not search runs: "},
		{map[string]any{"experiment_ids": []string{experiment, "987654321"}}, "error"},
	} {
		config := map[string]any{"experiment_ids": []string{experiment}, "limit": 1}
		maps.Copy(config, tc.more)
		_, diags := d.ReadDataSource("mlflow_runs", config)
		acctest.ExpectDiagnostics(t, diags, tc.diags, "Could not search runs: ")
	}
}

// checkTrainedRun checks the data sources of single runs.
func checkTrainedRun(t *testing.T, d *acctest.Provider, experiment string, ids map[string]string) {
	t.Helper()
	best, diags := d.ReadDataSource("mlflow_run", map[string]any{"run_id": ids["best"]})
	want := map[string]any{
		"run_name": "best", "experiment_id": experiment, "status": "FINISHED", "user_id": "trainer", "lifecycle_stage": "active",
		"start_time": "2026-03-01T12:00:01.000Z", "end_time": "2026-03-01T12:00:01.500Z", "non_finite_metrics": "map[]",
		"params":  "map[depth:6 learning rate:0.1]",
		"metrics": `map[auc:tftypes.Number<"0.9"> loss:tftypes.Number<"0.25">]`,
	}
	for attribute, value := range want {
		if got := fmt.Sprint(best[attribute]); got != value {
			t.Errorf("%s: got %s, want %s", attribute, got, value)
		}
	}
	if tags, _ := best["tags"].(map[string]any); diags != "" || tags["release"] != "it's" || tags["mlflow.runName"] != "best" {
		t.Errorf("tags: got %v, diagnostics %q", best["tags"], diags)
	}
	failed, diags := d.ReadDataSource("mlflow_run", map[string]any{"run_id": ids["failed"]})
	if diags != "" || fmt.Sprint(failed["metrics"]) != "map[]" || fmt.Sprint(failed["non_finite_metrics"]) != "map[loss:NaN]" {
		t.Errorf("a metric that is not a number: %v and %v, diagnostics %q", failed["metrics"], failed["non_finite_metrics"], diags)
	}
	if running, diags := d.ReadDataSource("mlflow_run", map[string]any{"run_id": ids["running"]}); diags != "" || running["end_time"] != nil ||
		running["status"] != "RUNNING" {
		t.Errorf("running: %v, diagnostics %q", running, diags)
	}
	if deleted, diags := d.ReadDataSource("mlflow_run", map[string]any{"run_id": ids["deleted"]}); diags != "" ||
		deleted["lifecycle_stage"] != "deleted" {
		t.Errorf("deleted: %v, diagnostics %q", deleted, diags)
	}
	_, diags = d.ReadDataSource("mlflow_run", map[string]any{"run_id": missingID})
	acctest.ExpectDiagnostics(t, diags, "error at run_id: Could not read run: ", "the part after /runs/")
	_, diags = d.ReadDataSource("mlflow_run_artifacts", map[string]any{"run_id": missingID})
	acctest.ExpectDiagnostics(t, diags, "error at run_id: Could not list artifacts: ", "the part after /runs/")
}

// runPages reads runs from a server that returns small pages.
func runPages(t *testing.T, b *acctest.Backend) {
	through, relay := newRelayBackend(t, b)
	experiment := b.CreateExperiment(t, b.Name("pages"), nil)
	var want []string
	for n := range 8 {
		name := fmt.Sprintf("run-%d", n)
		trainedRun{name: name, status: "FINISHED"}.log(t, b, experiment, 0) // all at the same time
		want = append(want, name)
	}
	relay.interceptPath(runsAPI+"search", smallPages(t, 3))
	config := map[string]any{"experiment_ids": []string{experiment}, "limit": 8}
	first, diags := through.Provider(t, nil).ReadDataSource("mlflow_runs", config)
	got := strings.Fields(runNames(first))
	if slices.Sort(got); diags != "" || !slices.Equal(got, want) || acctest.IsTrue(first["has_more"]) {
		t.Errorf("runs %q, has_more %v, diagnostics %q", got, first["has_more"], diags)
	}
	config["limit"] = 4
	second, diags := through.Provider(t, nil).ReadDataSource("mlflow_runs", config)
	if diags != "" || runNames(second) != strings.Join(strings.Fields(runNames(first))[:4], " ") || !acctest.IsTrue(second["has_more"]) {
		t.Errorf("runs %q after %q, has_more %v, diagnostics %q", runNames(second), runNames(first), second["has_more"], diags)
	}
}

// runArtifacts lists files. Only an MLflow server accepts uploads over HTTP.
func runArtifacts(t *testing.T, b *acctest.Backend) {
	experiment := b.CreateExperiment(t, b.Name("artifacts"), nil)
	id, location := trainedRun{name: "model", status: "FINISHED"}.log(t, b, experiment, 0)
	d := b.Provider(t, nil)
	list := func(more map[string]any) (files string, hasMore bool) {
		t.Helper()
		config := map[string]any{"run_id": id}
		maps.Copy(config, more)
		state, diags := d.ReadDataSource("mlflow_run_artifacts", config)
		if diags != "" || state["artifact_uri"] != location {
			t.Errorf("%v: the location is %v, want %q; diagnostics %q", more, state["artifact_uri"], location, diags)
		}
		var list []string
		for _, f := range acctest.ObjectsOf(state["files"]) {
			list = append(list, fmt.Sprintf("%v %v", f["path"], f["file_size"]))
		}
		return strings.Join(list, ", "), acctest.IsTrue(state["has_more"])
	}
	if files, more := list(nil); files != "" || more {
		t.Errorf("a run without artifacts has %q", files)
	}
	if !b.IsServer() {
		return
	}
	parsed, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"model/MLmodel", "model/data/weights.bin", "model/conda.yaml", "plot one.png"} {
		upload(t, b, parsed.Path+"/"+file, "xyz")
	}
	const size = `tftypes.Number<"3">`
	for _, tc := range []struct {
		config map[string]any
		want   string
		more   bool
	}{
		{nil, "model <nil>, plot one.png " + size, false},
		{map[string]any{"path": "model/"}, "model/MLmodel " + size + ", model/conda.yaml " + size + ", model/data <nil>", false},
		{map[string]any{"path": "model", "limit": 1}, "model/MLmodel " + size, true},
		{map[string]any{"path": "none"}, "", false},
		{map[string]any{"path": "model/MLmodel"}, "", false},
	} {
		if files, more := list(tc.config); files != tc.want || more != tc.more {
			t.Errorf("%v: %q, more %t", tc.config, files, more)
		}
	}
}

// upload stores a file like MLflow's client. The server returns nothing.
func upload(t *testing.T, b *acctest.Backend, path, content string) {
	t.Helper()
	at := b.URL + (&url.URL{Path: "/api/2.0/mlflow-artifacts/artifacts" + path}).EscapedPath()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, at, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = b.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode > 299 {
		t.Fatalf("storing %s returns %d", path, resp.StatusCode)
	}
}
