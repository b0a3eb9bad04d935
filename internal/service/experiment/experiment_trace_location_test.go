package experiment_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const createCall = "POST " + acctest.ExperimentsPath + "create"

// withTraces returns the configuration of an experiment with a trace_location, without one if it is empty.
func withTraces(w *acctest.Workspace, location string) string {
	if location != "" {
		location = "\ntrace_location = " + location
	}
	return w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"" + location))
}

// tracesIn checks trace_location in the state; nil values are null.
func tracesIn(catalog, schema string, prefix, effective knownvalue.Check) statecheck.StateCheck {
	return acctest.ExperimentState("trace_location", knownvalue.ObjectExact(map[string]knownvalue.Check{
		"catalog": knownvalue.StringExact(catalog), "schema": knownvalue.StringExact(schema), "table_prefix": prefix,
		"effective_table_prefix": effective,
	}))
}

// unchanged is a step whose plan has no changes and which sends no write request.
func unchanged(t *testing.T, w *acctest.Workspace, config string, behind func(), checks ...statecheck.StateCheck) resource.TestStep {
	return resource.TestStep{
		PreConfig: func() {
			if behind != nil {
				behind()
			}
			w.ResetJournal()
		},
		Config: config, ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()), ConfigStateChecks: checks,
		PostApplyFunc: func() { w.ExpectWrites(t) },
	}
}

func TestTraceLocation_lifecycle(t *testing.T) {
	w := acctest.NewWorkspace(t)
	named := knownvalue.StringExact("churn")
	member := func(name string) tfjsonpath.Path { return tfjsonpath.New("trace_location").AtMapKey(name) }
	acctest.UnitTest(t,
		resource.TestStep{
			Config: withTraces(w, `{ catalog = "Main", schema = "traces", table_prefix = "churn" }`),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectKnownValue(acctest.ExperimentAddress, member("catalog"), knownvalue.StringExact("Main")),
				plancheck.ExpectUnknownValue(acctest.ExperimentAddress, member("effective_table_prefix")),
			),
			ConfigStateChecks: []statecheck.StateCheck{tracesIn("Main", "traces", named, named)},
			PostApplyFunc: func() {
				w.ExpectWrites(t, createCall)
				got := w.MustFind(t, "/Shared/churn").TraceLocation
				if got == nil || *got != (emulator.TraceLocation{Catalog: "Main", Schema: "traces", TablePrefix: "churn",
					EffectiveTablePrefix: "churn"}) {
					t.Errorf("got trace tables %+v, want Main.traces with the prefix churn", got)
				}
			},
		},
		unchanged(t, w, withTraces(w, `{ catalog = "main", schema = "TRACES", table_prefix = "Churn" }`), nil,
			tracesIn("Main", "traces", named, named)),
		// The spelling of the server is not drift.
		unchanged(t, w, withTraces(w, `{ catalog = "Main", schema = "traces", table_prefix = "churn" }`), func() {
			w.BindTraceLocation(w.MustFind(t, "/Shared/churn").ID, "MAIN", "TRACES", "CHURN")
		}, tracesIn("Main", "traces", named, knownvalue.StringExact("CHURN"))),
		// A location that is no longer declared remains.
		unchanged(t, w, withTraces(w, `{ catalog = "Main", schema = "traces" }`), nil),
		unchanged(t, w, withTraces(w, ""), nil),
		resource.TestStep{ // other changes leave it as it is
			Config:           w.Config(acctest.ExperimentConfig("name = \"/Shared/churn2\"\ntags = { team = \"risk\" }")),
			ConfigPlanChecks: acctest.PreApply(acctest.ExpectChanges(acctest.ExperimentAddress, "name", "tags", "tags_all")),
			PostApplyFunc: func() {
				if w.MustFind(t, "/Shared/churn2").TraceLocation == nil {
					t.Error("got no bound trace location")
				}
			},
		},
	)
}

func TestTraceLocation_derivedPrefix(t *testing.T) {
	w := acctest.NewWorkspace(t)
	derived := knownvalue.StringRegexp(regexp.MustCompile(`^experiment_\d+$`))
	config := withTraces(w, `{ catalog = "main", schema = "traces" }`) +
		"output \"tables\" { value = mlflow_experiment.test.trace_location.effective_table_prefix }\n"
	acctest.UnitTest(t,
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			tracesIn("main", "traces", knownvalue.Null(), derived), statecheck.ExpectKnownOutputValue("tables", derived),
		}},
		unchanged(t, w, config, nil),
	)
}

// TestTraceLocation_boundOutside: an undeclared location that is bound outside Terraform is read without a change. Declaring it afterward
// is not a change either.
func TestTraceLocation_boundOutside(t *testing.T) {
	w := acctest.NewWorkspace(t)
	bind := func() { w.BindTraceLocation(w.MustFind(t, "/Shared/churn").ID, "main", "traces", "") }
	derived := knownvalue.StringRegexp(regexp.MustCompile(`^experiment_\d+$`))
	acctest.UnitTest(t,
		resource.TestStep{Config: withTraces(w, ""), ConfigStateChecks: []statecheck.StateCheck{acctest.ExperimentState("trace_location",
			knownvalue.Null())}},
		unchanged(t, w, withTraces(w, ""), nil),
		resource.TestStep{
			Config: withTraces(w, `{ catalog = "main", schema = "traces" }`),
			ExpectError: regexp.MustCompile(`(?s)Could not bind trace location.*exists\s+and\s+has\s+no\s+trace\s+location.*` +
				`main\.traces\.PREFIX_otel_\*.*` +
				`remove\s+trace_location`),
		},
		unchanged(t, w, withTraces(w, ""), bind, tracesIn("main", "traces", knownvalue.Null(), derived)),
		unchanged(t, w, withTraces(w, `{ catalog = "MAIN", schema = "Traces" }`), nil, tracesIn("main", "traces", knownvalue.Null(), derived)),
		unchanged(t, w, withTraces(w, ""), func() { w.UnbindTraceLocation(w.MustFind(t, "/Shared/churn").ID) },
			acctest.ExperimentState("trace_location", knownvalue.Null())),
	)
}

// TestTraceLocation_prefixDeclaredLater: declaring the prefix that the server derived sends no write request.
func TestTraceLocation_prefixDeclaredLater(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	w.BindTraceLocation(id, "main", "traces", "")
	imported := "import {\n  to = mlflow_experiment.test\n  id = \"" + id + "\"\n}\n"
	config := withTraces(w, `{ catalog = "main", schema = "traces", table_prefix = "experiment_`+id+`" }`)
	prefix := knownvalue.StringExact("experiment_" + id)
	acctest.UnitTest(t,
		resource.TestStep{Config: config + imported, ConfigStateChecks: []statecheck.StateCheck{tracesIn("main", "traces", prefix, prefix)}},
		unchanged(t, w, config, nil),
	)
}

func TestTraceLocation_replacement(t *testing.T) {
	w := acctest.NewWorkspace(t)
	var first string
	bound := withTraces(w, `{ catalog = "main", schema = "traces", table_prefix = "churn" }`)
	replaced := acctest.PreApply(plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionDestroyBeforeCreate))
	acctest.UnitTest(t,
		resource.TestStep{Config: bound, PostApplyFunc: func() { first = w.MustFind(t, "/Shared/churn").ID }},
		resource.TestStep{ // the experiment contains a run
			PreConfig: func() { w.AddRun(first) },
			Config:    withTraces(w, `{ catalog = "main", schema = "other", table_prefix = "churn" }`),
			ExpectError: regexp.MustCompile(`(?s)Could not replace experiment.*The trace location of experiment "/Shared/churn".*contains 1 run.*` +
				`set\s+trace_location\s+back\s+to\s+{\s+catalog\s+=\s+"main",\s+schema\s+=\s+"traces",\s+table_prefix\s+=\s+"churn"\s+}`),
		},
		unchanged(t, w, bound, nil),
		resource.TestStep{
			Config: w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"\ndeletion_policy = \"delete\"")),
		},
		resource.TestStep{
			Config: w.Config(acctest.ExperimentConfig("name = \"/Shared/churn\"\ndeletion_policy = \"delete\"\ntrace_location = { " +
				"catalog = \"main\", schema = \"other\" }")),
			ConfigPlanChecks: replaced,
			PostApplyFunc: func() {
				old, _ := w.Experiment(first)
				if e := w.MustFind(t, "/Shared/churn"); old.LifecycleStage != "deleted" || e.TraceLocation == nil || e.TraceLocation.Schema != "other" {
					t.Errorf("got old experiment %+v and new experiment %+v, want the old one deleted and the new one bound to other", old, e)
				}
			},
		},
	)
}
