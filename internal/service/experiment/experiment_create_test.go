package experiment_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestExperiment_parents(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := func(name, more string) string {
		return w.Config(acctest.ExperimentConfig(fmt.Sprintf("name = %q\n%s", name, more)))
	}
	acctest.UnitTest(t,
		resource.TestStep{
			Config:      config("/Teams/risk/churn", ""),
			ExpectError: regexp.MustCompile(`(?s)Could not create experiment.*create_parents = true`),
		},
		resource.TestStep{Config: config("/Teams/risk/churn", "create_parents = true")},
		resource.TestStep{
			Config:           config("/Workspace/Teams/fraud/churn", "create_parents = true"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionUpdate)),
			PostApplyFunc:    func() { w.MustFind(t, "/Teams/fraud/churn") },
		},
		resource.TestStep{
			Config:      config("/Nowhere/churn", ""),
			ExpectError: regexp.MustCompile(`(?s)Could not rename experiment.*create_parents = true`),
		},
	)
}

func TestExperiment_manyTags(t *testing.T) {
	w := acctest.NewWorkspace(t)
	config := w.Config(acctest.ExperimentConfig(`
		name = "/Shared/churn"
		tags = merge({ for i in range(30) : "tag${i}" => "v" }, { a_long_one = join("", [for i in range(1000) : "xxxxxx"]) })`))
	acctest.UnitTest(t, resource.TestStep{Config: config, PostApplyFunc: func() {
		if n := len(w.MustFind(t, "/Shared/churn").Tags); n != 31+5 {
			t.Errorf("got %d tags, want 31 and the 5 of the server", n)
		}
		if n := w.Count("POST", acctest.ExperimentsPath+"set-experiment-tag"); n != 11 {
			t.Errorf("got %d requests for single tags, want the 11 tags that are not in the create request", n)
		}
	}})
}

func TestExperiment_nameInUse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config map[string]any
		there  func(w *acctest.Workspace) string
		want   string
		writes []string
	}{
		"by an experiment": {there: func(w *acctest.Workspace) string { return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil) },
			want: "error at name: Could not create experiment: name already in use: Experiment \"/Shared/churn\" (ID) existed before this apply."},
		"and adopted": {config: map[string]any{"adopt_existing": true, "tags": map[string]string{"team": "risk", "same": "v"}},
			there: func(w *acctest.Workspace) string {
				return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"same": "v"})
			},
			writes: []string{acctest.SetTagRequest}},
		"and adopted at the same location": {config: map[string]any{"adopt_existing": true,
			"artifact_location": "dbfs:/databricks/mlflow-tracking/ID/"},
			there: func(w *acctest.Workspace) string { return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil) }},
		"and not adopted at another location": {config: map[string]any{"adopt_existing": true, "artifact_location": "s3://bucket/a",
			"tags": map[string]string{"team": "risk"}},
			there: func(w *acctest.Workspace) string { return w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil) },
			want:  "error at artifact_location: Could not adopt experiment: Experiment \"/Shared/churn\" (ID) stores its artifacts in"},
		"by a notebook": {there: func(w *acctest.Workspace) string { return w.AddNotebookExperiment(emulator.OtherUser, "/Shared/churn") },
			want: "error at name: Could not create experiment"},
		"by a folder": {there: func(w *acctest.Workspace) string { w.Mkdirs("/Shared/churn"); return "" },
			want: "error at name: Could not create experiment: Experiment \"/Shared/churn\": "},
		"created after the lookup": {there: func(w *acctest.Workspace) string {
			w.Before("POST", acctest.ExperimentsPath+"create", func(*http.Request) {
				if _, there := w.ExperimentByName("/Shared/churn"); !there {
					w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"theirs": "yes"})
				}
			})
			return ""
		}, config: map[string]any{"tags": map[string]string{"team": "risk"}},
			want: "error at name: Could not create experiment: name already in use", writes: []string{"POST " + acctest.ExperimentsPath + "create"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			id := c.there(w)
			planned := map[string]any{"name": "/Shared/churn"}
			maps.Copy(planned, c.config)
			if location, ok := planned["artifact_location"].(string); ok {
				planned["artifact_location"] = strings.ReplaceAll(location, "ID", id)
			}
			w.ResetJournal()
			state, got := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", planned)
			if want := withID(c.want, id); want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("create: got diagnostics %q, want %q", got, want)
			}
			if c.want != "" && state != nil {
				t.Errorf("failed create: got state %v, want none", state)
			}
			if c.want == "" && (state["id"] != id || w.MustFind(t, "/Shared/churn").ID != id) {
				t.Errorf("got state %v, want experiment %s", state, id)
			}
			w.ExpectWrites(t, c.writes...)
		})
	}
	t.Run("the import block is ready", func(t *testing.T) {
		w := acctest.NewWorkspace(t)
		id := w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
		_, got := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", map[string]any{"name": "/Shared/churn"})
		if !strings.Contains(got, "import {\n    to = mlflow_experiment.NAME\n    id = \""+id+"\"\n  }") {
			t.Errorf("create: got diagnostics %q, want an import block in them", got)
		}
	})
}

// TestExperiment_createFaults makes requests of a create fail: after the experiment is created, the resource is in the state and not
// tainted.
func TestExperiment_createFaults(t *testing.T) {
	const refused, message = 400, "no luck"
	for name, fault := range map[string]emulator.Fault{
		"create, response lost": {Path: acctest.ExperimentsPath + "create", DropAfter: true},
		"create, before":        {Path: acctest.ExperimentsPath + "create", DropBefore: true},
		"create, 503":           {Path: acctest.ExperimentsPath + "create", Status: 503},
		"the read after it":     {Method: "GET", Path: acctest.ExperimentsPath + "get", Status: refused, Code: "INVALID_STATE", Message: message},
		"a tag": {Path: acctest.ExperimentsPath + "set-experiment-tag", Status: refused, Code: "INVALID_STATE", Message: message,
			Skip: 3, Times: 1000},
		"a tag, response lost": {Path: acctest.ExperimentsPath + "set-experiment-tag", DropAfter: true, Skip: 3},
		"the lookup, 429":      {Path: acctest.ExperimentsPath + "get-by-name", Status: 429, Code: "REQUEST_LIMIT_EXCEEDED"},
		"the lookup, 502": {Path: acctest.ExperimentsPath + "get-by-name", Status: 502, RawBody: "<html>bad gateway</html>",
			ContentType: "text/html"},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			tags := map[string]string{}
			for i := range 25 {
				tags[fmt.Sprintf("tag%02d", i)] = "v"
			}
			config := w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"\ntags = { for i in range(25) : format(\"tag%02d\", i) => \"v\" }"))
			w.Inject(fault)
			acctest.UnitTest(t,
				resource.TestStep{Config: config, ExpectNonEmptyPlan: fault.Times > 1, PostApplyFunc: func() {
					if n := len(w.Experiments()); n != 1 || w.RemainingFaults() > 0 && fault.Times <= 1 {
						t.Errorf("got %d experiments and %d remaining faults, want 1 and 0", n, w.RemainingFaults())
					}
				}},
				resource.TestStep{PreConfig: w.ClearFaults, Config: config, PostApplyFunc: func() {
					w.ExpectTags(t, "/Shared/churn", tags)
					if n := len(w.Experiments()); n != 1 {
						t.Errorf("second apply: got %d experiments, want 1", n)
					}
				}},
			)
		})
	}
}

// TestExperiment_claimed: an experiment that this process adopted is not deleted at its old resource address.
func TestExperiment_claimed(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.Admin, "/Shared/churn", nil))
	d := w.Provider(t, emulator.AdminToken)
	if _, got := d.Create("mlflow_experiment", map[string]any{"name": "/Shared/churn", "adopt_existing": true}); got != "" {
		t.Fatalf("adopt: got diagnostics %q, want none", got)
	}
	state, got := d.Apply("mlflow_experiment", acctest.StateOfExperiment(e, nil), nil)
	if state != nil || !strings.HasPrefix(got, "warning: Experiment removed from state, not deleted") {
		t.Errorf("got state %v and diagnostics %q, want no state and a warning", state, got)
	}
	w.ExpectWrites(t)
	if slices.ContainsFunc(w.Experiments(), func(e emulator.Experiment) bool { return e.LifecycleStage == "deleted" }) {
		t.Error("the experiment was deleted")
	}
}
