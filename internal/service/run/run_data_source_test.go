package run_test

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestRunDataSource_cli reads all attributes of a run, whose ID is the result of a search.
func TestRunDataSource_cli(t *testing.T) {
	w := newTrained(t)
	config := w.Config(`
		data "mlflow_runs" "newest" {
		  experiment_ids = ["` + w.churn + `"]
		  status         = ["FINISHED"]
		  limit          = 1
		}
		data "mlflow_run" "newest" {
		  run_id = data.mlflow_runs.newest.runs[0].run_id
		}
		data "mlflow_run" "failed" {
		  run_id = "` + w.ids["failed"] + `"
		}`)
	value := func(name, attribute string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.mlflow_run."+name, tfjsonpath.New(attribute), want)
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			value("newest", "run_name", knownvalue.StringExact("best")),
			value("newest", "metrics", knownvalue.MapExact(map[string]knownvalue.Check{"auc": knownvalue.Float64Exact(0.9),
				"loss": knownvalue.Float64Exact(0.25)})),
			value("newest", "params", knownvalue.MapExact(map[string]knownvalue.Check{"lr": knownvalue.StringExact("0.1"),
				"depth": knownvalue.StringExact("6")})),
			value("newest", "tags", knownvalue.MapExact(map[string]knownvalue.Check{
				"release": knownvalue.StringExact("yes"), "it's": knownvalue.StringExact("odd"), "mlflow.runName": knownvalue.StringExact("best"),
			})),
			value("failed", "metrics", knownvalue.MapExact(map[string]knownvalue.Check{})),
			value("failed", "non_finite_metrics", knownvalue.MapExact(map[string]knownvalue.Check{
				"loss": knownvalue.StringExact("NaN"), "auc": knownvalue.StringExact("Infinity"), "low": knownvalue.StringExact("-Infinity"),
			})),
			value("failed", "status", knownvalue.StringExact("FAILED")),
		}},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
	)
	w.ExpectWrites(t)
}

// TestRunDataSource_states checks that a running run has no end time, and that a deleted one can be read until it is purged.
func TestRunDataSource_states(t *testing.T) {
	t.Parallel()
	w := newTrained(t)
	read := func(name string) (map[string]any, string) {
		return w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_run", map[string]any{"run_id": w.ids[name]})
	}
	running, says := read("running")
	if says != "" || running["end_time"] != nil || running["start_time"] != "2026-03-01T12:00:04.000Z" ||
		running["user_id"] != "ana@example.com" || running["lifecycle_stage"] != "active" {
		t.Errorf("active run: got %v and diagnostics %q, want no end time", running, says)
	}
	deleted, says := read("deleted")
	if says != "" || deleted["lifecycle_stage"] != "deleted" || deleted["end_time"] == nil ||
		!reflect.DeepEqual(deleted["metrics"], map[string]any{}) {
		t.Errorf("deleted run: got %v and diagnostics %q, want it without metrics", deleted, says)
	}
	w.PurgeRun(w.ids["deleted"])
	_, says = read("deleted")
	acctest.ExpectDiagnostics(t, says, `error at run_id: Could not read run: Run "`+w.ids["deleted"]+`": `, "RESOURCE_DOES_NOT_EXIST",
		"the part after /runs/ in the URL of the run")
	w.Trash(w.churn)
	if best, says := read("best"); says != "" || best["lifecycle_stage"] != "deleted" {
		t.Errorf("deleted experiment: got %v and diagnostics %q, want a deleted run", best, says)
	}
}

func TestRunDataSource_refused(t *testing.T) {
	t.Parallel()
	w := newTrained(t)
	for id, want := range map[string][]string{
		"":                {"error at run_id: Invalid Attribute Value Match", "the part after /runs/"},
		"/Shared/x":       {"error at run_id: Invalid Attribute Value Match"},
		"runs:/abc/model": {"error at run_id: Invalid Attribute Value Match"},
		"abc": {`error at run_id: Could not read run: Run "abc": Run with id=abc not found`,
			"A run that was deleted and purged cannot be read."},
	} {
		_, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_run", map[string]any{"run_id": id})
		acctest.ExpectDiagnostics(t, says, want[0], want[1:]...)
	}
	private := w.CreateRun(emulator.Run{ExperimentID: w.CreateExperiment(emulator.Admin, "/Projects/private", nil)})
	_, says := w.Provider(t, emulator.UserToken).ReadDataSource("mlflow_run", map[string]any{"run_id": private})
	acctest.ExpectDiagnostics(t, says, "error at run_id: Could not read run: ", "PERMISSION_DENIED")
	_, says = mlflowServer(t, nil).Provider(t, nil).ReadDataSource("mlflow_run", map[string]any{"run_id": "abc"})
	acctest.ExpectDiagnostics(t, says, "error at run_id: Could not read run: ", "set workspace to the one that contains the run")
}
