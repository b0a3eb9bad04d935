package provider_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// prepareRuns creates runs with different metrics in one experiment, an experiment whose newest run is old, one whose newest run is new,
// and one without runs.
func prepareRuns(w *acctest.Workspace) {
	churn := w.CreateExperiment(emulator.User, "/Shared/churn", nil)
	for _, r := range []emulator.Run{
		{Status: "FINISHED", Metrics: map[string]float64{"auc": 0.75}},
		{Status: "FINISHED", Metrics: map[string]float64{"auc": 0.85}},
		{Status: "FINISHED", Metrics: map[string]float64{"auc": 0.95}, Params: map[string]string{"learning rate": "0.1"},
			Tags: map[string]string{"mlflow.source.git.commit": "c0ffee"}},
		{Status: "FAILED", Metrics: map[string]float64{"auc": 0.99}},
	} {
		r.ExperimentID = churn
		w.CreateRun(r)
	}
	old, active := w.CreateExperiment(
		emulator.User,
		"/Projects/fraud/old",
		nil,
	), w.CreateExperiment(
		emulator.User,
		"/Projects/fraud/active",
		nil,
	)
	w.CreateExperiment(emulator.User, "/Projects/fraud/unused", nil)
	w.SeedRuns(old, 3, time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), time.Hour)
	w.SeedRuns(active, 2, time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), 365*24*time.Hour)
}

var runsState = []statecheck.StateCheck{
	statecheck.ExpectKnownOutputValue("best_runs", knownvalue.TupleExact([]knownvalue.Check{
		knownvalue.ObjectPartial(map[string]knownvalue.Check{
			"auc": knownvalue.Float64Exact(0.95), "learning_rate": knownvalue.StringExact("0.1"), "commit": knownvalue.StringExact("c0ffee"),
		}),
		knownvalue.ObjectPartial(
			map[string]knownvalue.Check{"auc": knownvalue.Float64Exact(0.85), "learning_rate": knownvalue.Null(), "commit": knownvalue.Null()},
		),
	})),
	statecheck.ExpectKnownOutputValue("stale_experiments", knownvalue.TupleExact([]knownvalue.Check{
		knownvalue.StringExact("/Projects/fraud/old"), knownvalue.StringExact("/Projects/fraud/unused"),
	})),
}

// TestExamples_run applies the example with a run that can be released, and with runs that its conditions reject.
func TestExamples_run(t *testing.T) {
	w := acctest.NewWorkspace(t)
	experiment := w.CreateExperiment(emulator.User, "/Shared/churn", nil)
	finished := w.CreateRun(
		emulator.Run{
			ExperimentID: experiment,
			Status:       "FINISHED",
			Metrics:      map[string]float64{"auc": 0.9},
			Tags:         map[string]string{"mlflow.source.git.commit": "c0ffee"},
		},
	)
	failed := w.CreateRun(emulator.Run{ExperimentID: experiment, Status: "FAILED"})
	text := w.Config(examples["data source, run"].text(t))
	acctest.UnitTest(t,
		resource.TestStep{
			Config: text, ConfigVariables: config.Variables{"run_id": config.StringVariable(finished)},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownOutputValue("release", knownvalue.ObjectExact(map[string]knownvalue.Check{
					"metrics": knownvalue.MapExact(
						map[string]knownvalue.Check{"auc": knownvalue.Float64Exact(0.9)},
					), "commit": knownvalue.StringExact("c0ffee"),
				})),
			},
		},
		resource.TestStep{
			Config: text, ConfigVariables: config.Variables{"run_id": config.StringVariable(failed)},
			ExpectError: regexp.MustCompile(`its status is\s+FAILED`),
		},
		resource.TestStep{
			PreConfig: func() { w.DeleteRun(finished) },
			Config:    text, ConfigVariables: config.Variables{"run_id": config.StringVariable(finished)},
			ExpectError: regexp.MustCompile(`it is\s+deleted`),
		},
	)
}

func TestExamples_runArtifacts(t *testing.T) {
	w := acctest.NewWorkspace(t)
	run := w.CreateRun(emulator.Run{ExperimentID: w.CreateExperiment(emulator.User, "/Shared/churn", nil)})
	w.PutArtifact(run, "model/MLmodel", 700)
	w.PutArtifact(run, "model/data/weights.bin", 1<<20)
	stored, _ := w.Run(run)
	acctest.UnitTest(t, resource.TestStep{
		Config: w.Config(examples["data source, run artifacts"].text(t)), ConfigVariables: config.Variables{"run_id": config.StringVariable(run)},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("model_files", knownvalue.ObjectExact(map[string]knownvalue.Check{
				stored.ArtifactURI + "/model/MLmodel": knownvalue.Int64Exact(700),
			})),
		},
	})
}
