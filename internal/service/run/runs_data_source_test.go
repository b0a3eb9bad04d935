package run_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestRunsDataSource_cli checks the state, and that a second plan is empty and writes nothing.
func TestRunsDataSource_cli(t *testing.T) {
	w := newTrained(t)
	config := w.Config(`
		data "mlflow_experiment" "churn" {
		  name = "/Shared/churn"
		}
		data "mlflow_runs" "best" {
		  experiment_ids = [data.mlflow_experiment.churn.experiment_id]
		  filter         = "metrics.auc > 0.5"
		  order_by       = ["metrics.auc DESC"]
		  status         = ["FINISHED", "FAILED"]
		  limit          = 2
		  metrics        = ["auc", "loss", "none"]
		  params         = ["lr"]
		  tags           = ["release"]
		}
		output "best" {
		  value = data.mlflow_runs.best.runs[1].metrics["auc"] + 1
		}`)
	best := knownvalue.ObjectExact(map[string]knownvalue.Check{
		"run_id": knownvalue.StringExact(w.ids["best"]), "run_name": knownvalue.StringExact("best"),
		"experiment_id": knownvalue.StringExact(w.churn),
		"status":        knownvalue.StringExact("FINISHED"), "user_id": knownvalue.Null(),
		"artifact_uri": knownvalue.StringExact("dbfs:/databricks/mlflow-tracking/" + w.churn + "/" + w.ids["best"] + "/artifacts"),
		"start_time":   knownvalue.StringExact("2026-03-01T12:00:01.000Z"), "end_time": knownvalue.StringExact("2026-03-01T12:00:01.500Z"),
		"lifecycle_stage": knownvalue.StringExact("active"),
		"metrics": knownvalue.MapExact(map[string]knownvalue.Check{"auc": knownvalue.Float64Exact(0.9),
			"loss": knownvalue.Float64Exact(0.25)}),
		"non_finite_metrics": knownvalue.MapExact(map[string]knownvalue.Check{}),
		"params":             knownvalue.MapExact(map[string]knownvalue.Check{"lr": knownvalue.StringExact("0.1")}),
		"tags":               knownvalue.MapExact(map[string]knownvalue.Check{"release": knownvalue.StringExact("yes")}),
	})
	runs := tfjsonpath.New("runs")
	nonFinite := knownvalue.MapExact(map[string]knownvalue.Check{"auc": knownvalue.StringExact("Infinity"),
		"loss": knownvalue.StringExact("NaN")})
	acctest.UnitTest(t,
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.mlflow_runs.best", runs.AtSliceIndex(0).AtMapKey("run_id"), knownvalue.StringExact(w.ids["failed"])),
			statecheck.ExpectKnownValue("data.mlflow_runs.best", runs.AtSliceIndex(0).AtMapKey("metrics"),
				knownvalue.MapExact(map[string]knownvalue.Check{})),
			statecheck.ExpectKnownValue("data.mlflow_runs.best", runs.AtSliceIndex(0).AtMapKey("non_finite_metrics"), nonFinite),
			statecheck.ExpectKnownValue("data.mlflow_runs.best", runs.AtSliceIndex(1), best),
			statecheck.ExpectKnownValue("data.mlflow_runs.best", tfjsonpath.New("has_more"), knownvalue.Bool(true)),
			statecheck.ExpectKnownOutputValue("best", knownvalue.Float64Exact(1.9)),
		}},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
	)
	w.ExpectWrites(t)
}

func TestRunsDataSource_arguments(t *testing.T) {
	t.Parallel()
	w := newTrained(t)
	both := []string{w.demand, w.churn}
	for name, tc := range map[string]struct {
		config map[string]any
		want   string
		more   bool
	}{
		"newest first":            {map[string]any{}, "running killed failed best old", false},
		"two experiments":         {map[string]any{"experiment_ids": both}, "running killed other failed best old", false},
		"a limit":                 {map[string]any{"limit": 2}, "running killed", true},
		"a limit that fits":       {map[string]any{"limit": 5}, "running killed failed best old", false},
		"deleted ones":            {map[string]any{"view_type": "DELETED_ONLY"}, "deleted", false},
		"all":                     {map[string]any{"view_type": "ALL"}, "deleted running killed failed best old", false},
		"a filter":                {map[string]any{"filter": "params.lr = '0.1' AND tags.release = 'yes'"}, "best", false},
		"no match":                {map[string]any{"filter": "tags.release = 'no'"}, "", false},
		"an order, ties by start": {map[string]any{"order_by": []string{"attributes.status ASC"}}, "failed best old killed running", false},
		"one status":              {map[string]any{"status": []string{"FINISHED"}}, "best old", false},
		"several statuses":        {map[string]any{"status": []string{"KILLED", "FAILED", "RUNNING"}}, "running killed failed", false},
		"statuses and a limit":    {map[string]any{"status": []string{"KILLED", "FAILED"}, "limit": 1}, "killed", true},
		"statuses and a filter": {map[string]any{"status": []string{"FINISHED", "FAILED"}, "filter": "metrics.auc > 0.8"}, "failed best",
			false},
		"every status": {map[string]any{"status": []string{"KILLED", "FAILED", "RUNNING", "FINISHED", "SCHEDULED"}},
			"running killed failed best old", false},
	} {
		t.Run(name, func(t *testing.T) {
			config := map[string]any{"experiment_ids": []string{w.churn}, "limit": 100}
			for key, value := range tc.config {
				config[key] = value
			}
			state, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_runs", config)
			if says != "" || namesOf(state) != tc.want || acctest.IsTrue(state["has_more"]) != tc.more {
				t.Errorf("got runs %q, has_more %v, and diagnostics %q", namesOf(state), state["has_more"], says)
			}
			for _, r := range acctest.ObjectsOf(state["runs"]) {
				for _, attribute := range []string{"metrics", "non_finite_metrics", "params", "tags"} {
					if !reflect.DeepEqual(r[attribute], map[string]any{}) {
						t.Errorf("%s of %v: got %v, want none", attribute, r["run_name"], r[attribute])
					}
				}
			}
		})
	}
}

// TestRunsDataSource_bounded checks that of 3,000 runs, only as many are read as the limit requires.
func TestRunsDataSource_bounded(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/large", nil)
	ids := w.SeedRuns(id, 3000, time.UnixMilli(start), time.Second)
	state, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_runs",
		map[string]any{"experiment_ids": []string{id}, "limit": 1000, "params": []string{"seed"}})
	runs := acctest.ObjectsOf(state["runs"])
	if says != "" || len(runs) != 1000 || !acctest.IsTrue(state["has_more"]) || runs[0]["run_id"] != ids[2999] ||
		runs[999]["run_id"] != ids[2000] {
		t.Fatalf("got %d runs, has_more %v, and diagnostics %q, want the newest 1000", len(runs), state["has_more"], says)
	}
	if calls := w.Calls(); len(calls) != 5 || slices.ContainsFunc(calls, func(c string) bool { return c != "POST "+runCalls+"search" }) {
		t.Errorf("got requests %q, want 5 searches", calls)
	}
}

func TestRunsDataSource_refused(t *testing.T) {
	t.Parallel()
	w := newTrained(t)
	for name, tc := range map[string]struct {
		config map[string]any
		says   []string
	}{
		"no experiment": {map[string]any{"experiment_ids": []string{}},
			[]string{"error at experiment_ids: Invalid Attribute Value", "at least 1"}},
		"a name": {map[string]any{"experiment_ids": []string{"/Shared/churn"}},
			[]string{"error at experiment_ids: Invalid Attribute Value Match", "looks up an experiment by name"}},
		"an experiment twice": {map[string]any{"experiment_ids": []string{w.churn, w.churn}},
			[]string{"error at experiment_ids: Duplicate List Value"}},
		"no such experiment": {map[string]any{"experiment_ids": []string{"42"}},
			[]string{"error: Could not search runs: Runs of experiments 42: ", "mlflow_experiment looks up an experiment by name"}},
		"no limit":         {map[string]any{"limit": 0}, []string{"error at limit: Invalid Attribute Value", "between 1 and 1000"}},
		"too high a limit": {map[string]any{"limit": 1001}, []string{"error at limit: Invalid Attribute Value", "between 1 and 1000"}},
		"an unknown status": {map[string]any{"status": []string{"DONE"}},
			[]string{"error at status: Invalid Attribute Value Match", "KILLED"}},
		"no status": {map[string]any{"status": []string{}}, []string{"error at status: Invalid Attribute Value"}},
		"an unknown view": {map[string]any{"view_type": "active"},
			[]string{"error at view_type: Invalid Attribute Value Match", "DELETED_ONLY"}},
		"OR": {map[string]any{"filter": "params.a = 'x' OR params.b = 'y'"},
			[]string{"error at filter: Invalid filter: ", "contains OR", "one data source or action for each alternative"}},
		"an empty filter": {map[string]any{"filter": ""}, []string{"error at filter: Invalid filter: The filter is empty"}},
		"a filter, half": {map[string]any{"filter": "metrics.auc >"},
			[]string{"error at filter: Could not search runs: Filter metrics.auc >: ", "Join comparisons with AND only."}},
		"an attribute": {map[string]any{"filter": "attributes.owner = 'ana'"},
			[]string{"error at filter: Could not search runs: ", "owner", "Join comparisons with AND only."}},
		"a filter with a status": {map[string]any{"filter": "metrics.auc", "status": []string{"FINISHED"}},
			[]string{"error at filter: Could not search runs: Filter metrics.auc: "}},
		"an order": {map[string]any{"order_by": []string{"metrics.auc UP"}},
			[]string{"error at order_by: Could not search runs: Order [metrics.auc UP]: ", "Order by attributes.KEY"}},
		"an order, with a filter": {map[string]any{"order_by": []string{"metrics.auc UP"}, "filter": "metrics.auc > 0"},
			[]string{"error at order_by: Could not search runs: "}},
		"a filter, with an order": {map[string]any{"order_by": []string{"metrics.auc"}, "filter": "metrics.auc"},
			[]string{"error at filter: Could not search runs: "}},
		"an empty key": {map[string]any{"metrics": []string{""}}, []string{"error at metrics: Invalid Attribute Value Length"}},
		"an MLflow workspace": {map[string]any{"workspace": "risk"},
			[]string{"error at workspace: MLflow workspaces are not supported: Databricks"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := map[string]any{"experiment_ids": []string{w.churn}, "limit": 100}
			for key, value := range tc.config {
				config[key] = value
			}
			_, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_runs", config)
			acctest.ExpectDiagnostics(t, says, tc.says[0], tc.says[1:]...)
		})
	}
	private := w.CreateExperiment(emulator.Admin, "/Projects/private", nil)
	_, says := w.Provider(t, emulator.UserToken).ReadDataSource("mlflow_runs", map[string]any{"experiment_ids": []string{private}, "limit": 1})
	acctest.ExpectDiagnostics(t, says, "error: Could not search runs: ", "PERMISSION_DENIED")
}

// TestRunsDataSource_unknownExperiment checks that an experiment that does not exist is an error, although an MLflow server returns no runs
// for it as for an empty experiment.
func TestRunsDataSource_unknownExperiment(t *testing.T) {
	t.Parallel()
	const run = `{"info":{"run_id":"a","experiment_id":"1","status":"FINISHED","lifecycle_stage":"active"}}`
	config := map[string]any{"experiment_ids": []string{"1", "9"}, "limit": 10}
	missing := mlflowServer(t, map[string]string{"POST " + runCalls + "search": `{"runs":[` + run + `]}`})
	_, says := missing.Provider(t, nil).ReadDataSource("mlflow_runs", config)
	acctest.ExpectDiagnostics(t, says, "error at experiment_ids: Could not search runs: Experiment 9: ", "There is none",
		"looks up an experiment by name")
	empty := mlflowServer(t, map[string]string{
		"POST " + runCalls + "search":            `{"runs":[` + run + `]}`,
		"GET " + acctest.ExperimentsPath + "get": `{"experiment":{"experiment_id":"9","name":"empty","lifecycle_stage":"active"}}`,
	})
	state, says := empty.Provider(t, nil).ReadDataSource("mlflow_runs", config)
	if runs := acctest.ObjectsOf(state["runs"]); says != "" || len(runs) != 1 {
		t.Errorf("got runs %v and diagnostics %q", runs, says)
	}
}

// TestRunsDataSource_unknownStatus checks that a run with an unknown status is not returned as one with a requested status.
func TestRunsDataSource_unknownStatus(t *testing.T) {
	t.Parallel()
	const run = `{"info":{"run_id":"a","experiment_id":"1","status":"PAUSED","lifecycle_stage":"active"}}`
	server := mlflowServer(t, map[string]string{"POST " + runCalls + "search": `{"runs":[` + run + `]}`})
	config := map[string]any{"experiment_ids": []string{"1"}, "limit": 10}
	state, says := server.Provider(t, nil).ReadDataSource("mlflow_runs", config)
	if runs := acctest.ObjectsOf(state["runs"]); says != "" || len(runs) != 1 || runs[0]["status"] != "PAUSED" {
		t.Errorf("got runs %v and diagnostics %q", runs, says)
	}
	config["status"] = []string{"RUNNING", "SCHEDULED"}
	_, says = server.Provider(t, nil).ReadDataSource("mlflow_runs", config)
	acctest.ExpectDiagnostics(t, says, `error at status: Could not search runs: The server returned run "a" with the status "PAUSED"`)
}

// TestRunsDataSource_changes checks that a run that another client adds or deletes between two pages neither hides nor repeats another run.
func TestRunsDataSource_changes(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/busy", nil)
	w.SeedRuns(id, 600, time.UnixMilli(start), time.Second)
	searches := 0
	w.Before("POST", runCalls+"search", func(*http.Request) {
		if searches++; searches == 2 {
			w.AddRun(id)
		}
	})
	state, says := w.Provider(t, emulator.AdminToken).
		ReadDataSource("mlflow_runs", map[string]any{"experiment_ids": []string{id}, "limit": 1000})
	seen := map[string]bool{}
	for _, r := range acctest.ObjectsOf(state["runs"]) {
		seen[fmt.Sprint(r["run_name"])] = true
	}
	runs := acctest.ObjectsOf(state["runs"])
	seeded := slices.DeleteFunc(runs, func(r map[string]any) bool { return !strings.HasPrefix(fmt.Sprint(r["run_name"]), "run-0") })
	if says != "" || len(seeded) != 600 || len(seen) < 600 {
		t.Errorf("got %d runs, %d names, and diagnostics %q, want 600 different runs", len(seeded), len(seen), says)
	}
}
