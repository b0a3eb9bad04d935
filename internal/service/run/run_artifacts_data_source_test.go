package run_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// newModel returns a workspace with a run that logged a model.
func newModel(t *testing.T) (w trained, runID string) {
	t.Helper()
	w = newTrained(t)
	runID = w.ids["best"]
	for file, size := range map[string]int64{"model/MLmodel": 700, "model/data/weights.bin": 1 << 40, "model/conda.yaml": 0,
		"report.html": 12} {
		w.PutArtifact(runID, file, size)
	}
	return w, runID
}

func TestRunArtifactsDataSource_cli(t *testing.T) {
	w, id := newModel(t)
	config := w.Config(`
		data "mlflow_run_artifacts" "model" {
		  run_id = "` + id + `"
		  path   = "model"
		}`)
	file := func(path string, dir bool, size knownvalue.Check) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{"path": knownvalue.StringExact(path), "is_dir": knownvalue.Bool(dir),
			"file_size": size})
	}
	value := func(attribute string, want knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.mlflow_run_artifacts.model", tfjsonpath.New(attribute), want)
	}
	acctest.UnitTest(t,
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			value("files", knownvalue.ListExact([]knownvalue.Check{
				file("model/MLmodel", false, knownvalue.Int64Exact(700)), file("model/conda.yaml", false, knownvalue.Int64Exact(0)),
				file("model/data", true, knownvalue.Null()),
			})),
			value("artifact_uri", knownvalue.StringExact("dbfs:/databricks/mlflow-tracking/"+w.churn+"/"+id+"/artifacts")),
			value("has_more", knownvalue.Bool(false)),
		}},
		resource.TestStep{Config: config, ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan())},
	)
	w.ExpectWrites(t)
}

func TestRunArtifactsDataSource_arguments(t *testing.T) {
	t.Parallel()
	w, id := newModel(t)
	for i := range 1003 {
		w.PutArtifact(w.ids["old"], fmt.Sprintf("plots/%04d.png", i), 1)
	}
	for name, tc := range map[string]struct {
		config map[string]any
		want   string
		more   bool
	}{
		"all":                   {map[string]any{}, "model report.html", false},
		"a path with a slash":   {map[string]any{"path": "model/"}, "model/MLmodel model/conda.yaml model/data", false},
		"a deeper path":         {map[string]any{"path": "model/data"}, "model/data/weights.bin", false},
		"a part of a name":      {map[string]any{"path": "mod"}, "", false},
		"nothing there":         {map[string]any{"path": "none"}, "", false},
		"a limit":               {map[string]any{"path": "model", "limit": 2}, "model/MLmodel model/conda.yaml", true},
		"a limit that fits":     {map[string]any{"path": "model", "limit": 3}, "model/MLmodel model/conda.yaml model/data", false},
		"a run without any":     {map[string]any{"run_id": w.ids["failed"]}, "", false},
		"of a deleted run":      {map[string]any{"run_id": w.ids["deleted"]}, "", false},
		"more than the maximum": {map[string]any{"run_id": w.ids["old"], "path": "plots"}, "1000", true},
	} {
		t.Run(name, func(t *testing.T) {
			config := map[string]any{"run_id": id}
			for key, value := range tc.config {
				config[key] = value
			}
			state, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_run_artifacts", config)
			var paths []string
			for _, f := range acctest.ObjectsOf(state["files"]) {
				paths = append(paths, fmt.Sprint(f["path"]))
			}
			got := strings.Join(paths, " ")
			if len(paths) > 10 {
				got = fmt.Sprint(len(paths))
			}
			if says != "" || got != tc.want || acctest.IsTrue(state["has_more"]) != tc.more {
				t.Errorf("got files %q, has_more %v, and diagnostics %q", got, state["has_more"], says)
			}
		})
	}
}

func TestRunArtifactsDataSource_refused(t *testing.T) {
	t.Parallel()
	w, id := newModel(t)
	for name, tc := range map[string]struct {
		config map[string]any
		says   []string
	}{
		"an absolute path": {map[string]any{"path": "/model"}, []string{`error at path: Invalid artifact path: "/model" is not a path relative`,
			"without a slash at the beginning"}},
		"upwards":          {map[string]any{"path": "model/../.."}, []string{"error at path: Invalid artifact path"}},
		"a dot":            {map[string]any{"path": "."}, []string{"error at path: Invalid artifact path"}},
		"two slashes":      {map[string]any{"path": "model//data"}, []string{"error at path: Invalid artifact path"}},
		"an empty path":    {map[string]any{"path": ""}, []string{"error at path: Invalid artifact path", "omit path"}},
		"no limit":         {map[string]any{"limit": 0}, []string{"error at limit: Invalid Attribute Value", "between 1 and 1000"}},
		"too high a limit": {map[string]any{"limit": 1001}, []string{"error at limit: Invalid Attribute Value"}},
		"no such run": {map[string]any{"run_id": "abc"}, []string{`error at run_id: Could not list artifacts: Run "abc": `,
			"the part after /runs/"}},
		"a name of a run": {map[string]any{"run_id": "my run"}, []string{"error at run_id: Invalid Attribute Value Match"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := map[string]any{"run_id": id}
			for key, value := range tc.config {
				config[key] = value
			}
			_, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_run_artifacts", config)
			acctest.ExpectDiagnostics(t, says, tc.says[0], tc.says[1:]...)
		})
	}
	w.Inject(emulator.Fault{Path: "/api/2.0/mlflow/artifacts/list", Status: 400, Code: "INVALID_PARAMETER_VALUE", Message: "Invalid path"})
	_, says := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_run_artifacts", map[string]any{"run_id": id, "path": "a\\b"})
	acctest.ExpectDiagnostics(t, says, `error at path: Could not list artifacts: Path "a\\b" of run "`+id+`": Invalid path`)
}
