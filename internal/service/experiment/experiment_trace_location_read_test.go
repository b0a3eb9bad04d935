package experiment_test

import (
	"fmt"
	"maps"
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

// boundExperiment returns a workspace with an experiment that is bound to main.traces, with the prefix churn or a derived one.
func boundExperiment(t *testing.T, prefix string) (w *acctest.Workspace, id string) {
	t.Helper()
	w = acctest.NewWorkspace(t)
	id = w.CreateExperiment(emulator.OtherUser, "/Shared/churn", nil)
	w.BindTraceLocation(id, "main", "traces", prefix)
	return w, id
}

func TestTraceLocation_import(t *testing.T) {
	churn := knownvalue.StringExact("churn")
	for name, c := range map[string]struct{ prefix, location string }{
		"declared":              {"churn", `{ catalog = "MAIN", schema = "traces", table_prefix = "churn" }`},
		"without its prefix":    {"churn", `{ catalog = "main", schema = "traces" }`},
		"not declared":          {"churn", ""},
		"derived":               {"", `{ catalog = "main", schema = "traces" }`},
		"derived, not declared": {"", ""},
	} {
		for form, of := range map[string]func(w *acctest.Workspace, id string) string{
			"ID":   func(_ *acctest.Workspace, id string) string { return id },
			"name": func(*acctest.Workspace, string) string { return "/Workspace/Shared/churn" },
			"URL":  func(w *acctest.Workspace, id string) string { return w.URL + "/ml/experiments/" + id },
		} {
			t.Run(name+", by "+form, func(t *testing.T) {
				w, id := boundExperiment(t, c.prefix)
				prefix, effective := knownvalue.Check(churn), knownvalue.Check(churn)
				if c.prefix == "" {
					prefix, effective = knownvalue.Null(), knownvalue.StringExact("experiment_"+id)
				}
				block := fmt.Sprintf("import {\n  to = mlflow_experiment.test\n  id = %q\n}\n", of(w, id))
				acctest.UnitTest(t, resource.TestStep{
					Config:            withTraces(w, c.location) + block,
					ConfigPlanChecks:  acctest.PreApply(plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionNoop)),
					ConfigStateChecks: []statecheck.StateCheck{tracesIn("main", "traces", prefix, effective)},
					PostApplyFunc:     func() { w.ExpectWrites(t) },
				})
			})
		}
	}
}

// TestTraceLocation_importOther: after an import, the plan shows that a different location is declared.
func TestTraceLocation_importOther(t *testing.T) {
	t.Parallel()
	w, id := boundExperiment(t, "churn")
	b := w.Backend().Provider(t, nil).Resource("mlflow_experiment")
	if says := b.Import(id); says != "" {
		t.Fatalf("import: got diagnostics %q, want none", says)
	}
	p := b.Plan(map[string]any{"name": "/Shared/churn", "trace_location": declaredTraces("main", "other", ""), "deletion_policy": "prevent"})
	if !strings.HasPrefix(p.Diagnostics, "error at trace_location: Could not replace experiment: The trace location of experiment "+
		"\"/Shared/churn\"") {
		t.Errorf("plan: got diagnostics %q", p.Diagnostics)
	}
}

// TestTraceLocation_generatedConfiguration: a generated configuration has only arguments, and its plan has no changes.
func TestTraceLocation_generatedConfiguration(t *testing.T) {
	for name, prefix := range map[string]string{"with a prefix": "churn", "with a derived prefix": ""} {
		t.Run(name, func(t *testing.T) {
			w, id := boundExperiment(t, prefix)
			acctest.UnitTest(t, resource.TestStep{
				Config: w.Config(""), ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
				ImportStateId: id, ResourceName: acctest.ExperimentAddress,
				ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionNoop),
					plancheck.ExpectKnownValue(acctest.ExperimentAddress, tfjsonpath.New("trace_location").AtMapKey("schema"),
						knownvalue.StringExact("traces")),
				}},
			})
		})
	}
}

func TestTraceLocation_dataSources(t *testing.T) {
	t.Parallel()
	w, id := boundExperiment(t, "")
	other := w.CreateExperiment(emulator.Admin, "/Shared/none", nil)
	d := w.Provider(t, emulator.AdminToken)
	want := map[string]any{"catalog": "main", "schema": "traces", "table_prefix": nil, "effective_table_prefix": "experiment_" + id}
	for _, by := range []map[string]any{{"experiment_id": id}, {"name": "/Shared/churn"}} {
		state, says := d.ReadDataSource("mlflow_experiment", by)
		if traces, _ := state["trace_location"].(map[string]any); says != "" || !maps.Equal(traces, want) {
			t.Errorf("by %v: got %v and diagnostics %q", by, state["trace_location"], says)
		}
	}
	if state, says := d.ReadDataSource("mlflow_experiment", map[string]any{"experiment_id": other}); says != "" ||
		state["trace_location"] != nil {
		t.Errorf("experiment without a location: got %v and diagnostics %q, want null", state["trace_location"], says)
	}
	state, says := d.ReadDataSource("mlflow_experiments", map[string]any{"name_prefix": "/Shared/"})
	found := acctest.ObjectsOf(state["experiments"])
	if says != "" || len(found) != 2 {
		t.Fatalf("search: got %v and diagnostics %q, want 2 experiments", found, says)
	}
	for _, e := range found {
		if traces, _ := e["trace_location"].(map[string]any); e["id"] == id && !maps.Equal(traces, want) ||
			e["id"] == other && e["trace_location"] != nil {
			t.Errorf("search: got %v", e)
		}
	}
}

func TestTraceLocation_list(t *testing.T) {
	t.Parallel()
	w, id := boundExperiment(t, "churn")
	w.CreateExperiment(emulator.Admin, "/Shared/none", nil)
	for _, one := range w.Provider(t, emulator.AdminToken).ListResources("mlflow_experiment", map[string]any{}, 0, true) {
		traces, _ := one.Resource["trace_location"].(map[string]any)
		if one.Diagnostics != "" || (traces["effective_table_prefix"] == "churn") != (one.Resource["id"] == id) {
			t.Errorf("got list results %+v", one)
		}
	}
}

// TestTraceLocation_move: the state of the Databricks provider has nested blocks, which are null or missing if no location is bound. The
// flat form is that of the API.
func TestTraceLocation_move(t *testing.T) {
	t.Parallel()
	w, id := boundExperiment(t, "")
	e, _ := w.Experiment(id)
	tables := map[string]any{"catalog": "Main", "schema": "traces", "table_prefix": "", "effective_table_prefix": "experiment_" + id}
	for name, c := range map[string]struct {
		recorded any
		catalog  string
	}{
		"a block in a block":        {[]any{map[string]any{"uc_trace_location": []any{tables}}}, "Main"},
		"flat":                      {[]any{tables}, "Main"},
		"none":                      {[]any{}, "main"},
		"null":                      {nil, "main"},
		"an empty block":            {[]any{map[string]any{"uc_trace_location": []any{}}}, "main"},
		"a shape that is not known": {map[string]any{"uc_trace_location": tables}, "main"},
	} {
		t.Run(name, func(t *testing.T) {
			vendor := acctest.DatabricksExperimentState(e)
			vendor["trace_location"] = c.recorded
			state, says := w.Provider(t, emulator.AdminToken).
				Move("mlflow_experiment", "databricks_mlflow_experiment", acctest.DatabricksProviderAddress, vendor)
			want := map[string]any{"catalog": c.catalog, "schema": "traces", "table_prefix": nil, "effective_table_prefix": "experiment_" + id}
			if traces, _ := state["trace_location"].(map[string]any); says != "" || !maps.Equal(traces, want) {
				t.Errorf("move: got trace_location %v and diagnostics %q", state["trace_location"], says)
			}
		})
	}
	w.ExpectWrites(t)
}
