package provider_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const trainingCommit = "4f2d1c0b9a8e7f6d5c4b3a291807f6e5d4c3b2a1"

// candidate is a run that examples/deploy-from-run deploys, unless change makes it another one.
func candidate(experimentID string, change func(*emulator.Run)) emulator.Run {
	ended := time.Now().Add(-24 * time.Hour).UnixMilli()
	run := emulator.Run{
		ExperimentID: experimentID, Name: "weekly", Status: "FINISHED", Started: ended - 1000, Ended: ended,
		Metrics: map[string]float64{"auc": 0.93},
		Tags:    map[string]string{"release": "candidate", "mlflow.source.git.commit": trainingCommit},
	}
	change(&run)
	return run
}

func unchanged(*emulator.Run) {}

// train adds a candidate with its files, and returns its ID.
func train(w *acctest.Workspace, experimentID string, change func(*emulator.Run)) string {
	id := w.CreateRun(candidate(experimentID, change))
	w.PutArtifact(id, "deployment/manifest.json", 812)
	w.PutArtifact(id, "deployment/weights/0.bin", 4096)
	return id
}

// TestExamples_deployFromRun applies the example, with a candidate that is one of many runs.
func TestExamples_deployFromRun(t *testing.T) {
	w := acctest.NewWorkspace(t)
	experiment := w.CreateExperiment(emulator.User, "/Projects/retail/churn", nil)
	id := train(w, experiment, unchanged)
	train(w, experiment, func(r *emulator.Run) { r.Tags["release"] = "no" })
	train(w, experiment, func(r *emulator.Run) { r.Metrics["auc"] = 0.89 })
	w.DeleteRun(train(w, experiment, unchanged))
	directoryTest(t, resource.TestStep{
		ConfigDirectory: config.StaticDirectory(copyRoot(t, w, "deploy-from-run")),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("run", knownvalue.ObjectExact(map[string]knownvalue.Check{
				"id": knownvalue.StringExact(id), "name": knownvalue.StringExact("weekly"), "metric": knownvalue.Float64Exact(0.93),
			})),
			statecheck.ExpectKnownOutputValue(
				"artifact_uri",
				knownvalue.StringExact("dbfs:/databricks/mlflow-tracking/"+experiment+"/"+id+"/artifacts/deployment"),
			),
			statecheck.ExpectKnownOutputValue("git_commit", knownvalue.StringExact(trainingCommit)),
			statecheck.ExpectKnownOutputValue(
				"files",
				knownvalue.ObjectExact(map[string]knownvalue.Check{"manifest.json": knownvalue.Int64Exact(812)}),
			),
			afterApply(func() { expectNoWrites(t, w) }),
		},
	})
}

func trained(change func(*emulator.Run)) func(*acctest.Workspace, string) {
	return func(w *acctest.Workspace, experimentID string) { train(w, experimentID, change) }
}

// pageMessage matches a message that a page quotes with … for its variable parts. Case and line breaks do not matter.
func pageMessage(message string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(strings.ReplaceAll(strings.Trim(message, "… "), "`", ""))
	return regexp.MustCompile(`(?i)` + strings.NewReplacer(" … ", `[\s\S]+`, "…", `[\s\S]*`, " ", `\s+`).Replace(pattern))
}

// TestExamples_deployFromRunRefused plans with each run that must not be deployed. The README of the example contains the start of each
// message.
func TestExamples_deployFromRunRefused(t *testing.T) {
	t.Parallel()
	page := readFile(t, examplesDir+"/deploy-from-run/README.md")
	for name, c := range map[string]struct {
		prepare func(w *acctest.Workspace, experimentID string)
		diags   string
	}{
		"no candidate": {func(*acctest.Workspace, string) {}, "No run of … has the tag …"},
		"two candidates": {func(w *acctest.Workspace, id string) {
			train(w, id, unchanged)
			train(w, id, unchanged)
		}, "Several runs of … have the tag …"},
		"running run":  {trained(func(r *emulator.Run) { r.Status, r.Ended = "RUNNING", 0 }), "… its status is `RUNNING`"},
		"a failed run": {trained(func(r *emulator.Run) { r.Status = "FAILED" }), "… its status is `FAILED`"},
		"an old run": {trained(func(r *emulator.Run) { r.Ended -= (30 * 24 * time.Hour).Milliseconds() }),
			"… ended more than 30 days ago"},
		"a run without files": {func(w *acctest.Workspace, id string) { w.CreateRun(candidate(id, unchanged)) },
			"The run does not have all of …"},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			c.prepare(w, w.CreateExperiment(emulator.User, "/Projects/retail/churn", nil))
			if !strings.Contains(page, strings.Replace(c.diags, "FAILED", "RUNNING", 1)) {
				t.Errorf("README.md does not have the message %q", c.diags)
			}
			directoryTest(t, resource.TestStep{
				ConfigDirectory: config.StaticDirectory(copyRoot(t, w, "deploy-from-run")), PlanOnly: true, ExpectError: pageMessage(c.diags),
			})
		})
	}
}
