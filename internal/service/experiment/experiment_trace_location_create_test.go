package experiment_test

import (
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// declaredTraces returns a trace_location for a configuration, without an empty prefix.
func declaredTraces(catalog, schema, prefix string) map[string]any {
	location := map[string]any{"catalog": catalog, "schema": schema}
	if prefix != "" {
		location["table_prefix"] = prefix
	}
	return location
}

func TestTraceLocation_createFails(t *testing.T) {
	t.Parallel()
	refused := func(status int, code, message string) emulator.Fault {
		return emulator.Fault{Path: acctest.ExperimentsPath + "create", Status: status, Code: code, Message: message}
	}
	const needs = "has USE CATALOG, USE SCHEMA, and CREATE TABLE there"
	for name, c := range map[string]struct {
		fault      emulator.Fault
		want, also string
		created    bool
	}{
		"no access to the schema": {
			fault: refused(403, "PERMISSION_DENIED", "User does not have CREATE TABLE on Schema 'main.traces'."), also: needs,
			want: "error at trace_location: Could not create experiment: Experiment \"/Shared/churn\": ",
		},
		"no such catalog": {
			fault: refused(404, "CATALOG_DOES_NOT_EXIST", "Catalog 'main' does not exist."), also: needs,
			want: "error at trace_location: Could not create experiment",
		},
		"a rejected value": {
			fault: refused(400, "INVALID_PARAMETER_VALUE", "trace_location.uc_trace_location is not allowed"), also: needs,
			want: "error at trace_location: Could not create experiment",
		},
		"a refusal that does not say what it is about": {
			fault: refused(403, "PERMISSION_DENIED", "no"), also: "creates the tables main.traces.churn_otel_*",
			want: "error: Could not create experiment",
		},
		"a missing folder": {
			fault: refused(404, "RESOURCE_DOES_NOT_EXIST", "Parent directory /Shared does not exist."), also: "create_parents",
			want: "error at name: Could not create",
		},
		"a lost response": {fault: emulator.Fault{Path: acctest.ExperimentsPath + "create", DropAfter: true}, created: true},
		"a lost request":  {fault: emulator.Fault{Path: acctest.ExperimentsPath + "create", DropBefore: true}, created: true},
		"a failed read": {fault: emulator.Fault{Path: acctest.ExperimentsPath + "get", Status: 403, Code: "PERMISSION_DENIED", Message: "no"},
			created: true, want: "warning: Could not read"},
	} {
		t.Run(name, func(t *testing.T) {
			w := acctest.NewWorkspace(t)
			w.Inject(c.fault)
			state, got := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", map[string]any{
				"name": "/Shared/churn", "trace_location": declaredTraces("main", "traces", "churn"),
			})
			if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) || !strings.Contains(got, c.also) {
				t.Errorf("create: got diagnostics %q, want %q and %q", got, c.want, c.also)
			}
			if n := len(w.Experiments()); (n == 1) != c.created || w.RemainingFaults() > 0 {
				t.Errorf("got %d experiments and %d remaining faults, want created = %t", n, w.RemainingFaults(), c.created)
			}
			if !c.created {
				return
			}
			want := map[string]any{"catalog": "main", "schema": "traces", "table_prefix": "churn", "effective_table_prefix": "churn"}
			if strings.HasPrefix(c.want, "warning") {
				want["effective_table_prefix"] = nil
			}
			if traces, _ := state["trace_location"].(map[string]any); !maps.Equal(traces, want) {
				t.Errorf("got trace_location %v in the state", traces)
			}
		})
	}
}

// TestTraceLocation_notBound: a server that ignores the location causes a warning.
func TestTraceLocation_notBound(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.Before(http.MethodGet, acctest.ExperimentsPath+"get", func(*http.Request) {
		if e, found := w.ExperimentByName("/Shared/churn"); found {
			w.UnbindTraceLocation(e.ID)
		}
	})
	config := map[string]any{"name": "/Shared/churn", "trace_location": declaredTraces("main", "traces", "")}
	d := w.Provider(t, emulator.AdminToken)
	state, got := d.Create("mlflow_experiment", config)
	if !strings.HasPrefix(got, "warning at trace_location: Trace location not bound: Experiment \"/Shared/churn\"") {
		t.Errorf("create: got diagnostics %q", got)
	}
	state, _ = d.Read("mlflow_experiment", state)
	if _, replaces, got := d.PlanUpdate("mlflow_experiment", state, config); replaces ||
		!strings.HasPrefix(got, "error at trace_location: Could not bind trace location") {
		t.Errorf("next plan: got replacement %t and diagnostics %q, want an error", replaces, got)
	}
}

// TestTraceLocation_adopt: adopting an experiment with another trace location than declared, or with none, fails before the first write.
func TestTraceLocation_adopt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bound    bool
		declared map[string]any
		want     string
	}{
		"the same":        {bound: true, declared: declaredTraces("main", "traces", "")},
		"in another case": {bound: true, declared: declaredTraces("MAIN", "Traces", "CHURN")},
		"not declared":    {bound: true},
		"none of either":  {},
		"none": {declared: declaredTraces("main", "traces", ""),
			want: "has no trace location, which cannot be changed, but main.traces.PREFIX_otel_* is declared"},
		"another schema": {bound: true, declared: declaredTraces("main", "other", ""), want: "stores its traces in main.traces.churn_otel_*"},
		"another prefix": {bound: true, declared: declaredTraces("main", "traces", "other"), want: "but main.traces.other_otel_* is declared"},
	} {
		for kind, how := range map[string]map[string]any{"adopt": {"adopt_existing": true}, "restore": {"if_deleted": "restore"}} {
			t.Run(kind+", "+name, func(t *testing.T) {
				w := acctest.NewWorkspace(t, emulator.Options{DeletedReserveName: true})
				id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
				if c.bound {
					w.BindTraceLocation(id, "main", "traces", "churn")
				}
				if kind == "restore" {
					w.Trash(id)
				}
				config := map[string]any{"name": "/Shared/churn", "tags": map[string]string{"team": "risk"}}
				maps.Copy(config, how)
				if c.declared != nil {
					config["trace_location"] = c.declared
				}
				state, got := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", config)
				if c.want != "" {
					if !strings.HasPrefix(got, "error at trace_location: Could not "+kind+" experiment: ") || !strings.Contains(got, c.want) {
						t.Errorf("create: got diagnostics %q", got)
					}
					w.ExpectWrites(t)
					return
				}
				traces, _ := state["trace_location"].(map[string]any)
				if got != "" || state["id"] != id || (traces != nil) != c.bound || c.bound && traces["effective_table_prefix"] != "churn" {
					t.Errorf("create: got diagnostics %q and state %v, want experiment %s", got, state, id)
				}
			})
		}
	}
}

// TestTraceLocation_planned: a planned create has a null trace location, unless it may adopt or restore an experiment.
func TestTraceLocation_planned(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	for name, c := range map[string]struct {
		more    map[string]any
		unknown bool
	}{
		"new": {}, "adopts": {map[string]any{"adopt_existing": true}, true}, "restores": {map[string]any{"if_deleted": "restore"}, true},
		"supersedes":     {map[string]any{"if_deleted": "supersede"}, false},
		"may adopt":      {map[string]any{"adopt_existing": tftypes.UnknownValue}, true},
		"may restore":    {map[string]any{"if_deleted": tftypes.UnknownValue}, true},
		"does not adopt": {map[string]any{"adopt_existing": false}, false},
	} {
		b := w.Backend().Provider(t, nil).Resource("mlflow_experiment")
		config := map[string]any{"name": "/Shared/churn"}
		maps.Copy(config, c.more)
		p := b.Plan(config)
		value := b.Object(p.Resp.PlannedState)["trace_location"]
		if p.Diagnostics != "" || value.IsKnown() == c.unknown || !c.unknown && !value.IsNull() {
			t.Errorf("%s: got diagnostics %q and trace_location %v, want unknown = %t", name, p.Diagnostics, value, c.unknown)
		}
	}
}

// TestTraceLocation_unknown: an unknown location does not replace the experiment, and apply fails if it is a different one.
func TestTraceLocation_unknown(t *testing.T) {
	w := acctest.NewWorkspace(t)
	late := func(input, location string) string {
		return w.Config(`
			resource "terraform_data" "late" { input = ` + input + ` }
			` + acctest.ExperimentConfig("name = \"/Shared/churn\"\ndeletion_policy = \"delete\"\ntrace_location = "+location))
	}
	inPlace := plancheck.ExpectResourceAction(acctest.ExperimentAddress, plancheck.ResourceActionUpdate)
	churn := knownvalue.StringExact("churn")
	whole := "terraform_data.late.output"
	members := `{ catalog = terraform_data.late.output.catalog, schema = "traces", table_prefix = terraform_data.late.output.table_prefix }`
	step := func(input, location string, checks ...plancheck.PlanCheck) resource.TestStep {
		return resource.TestStep{
			Config: late(input, location), ConfigPlanChecks: acctest.PreApply(checks...),
			ConfigStateChecks: []statecheck.StateCheck{tracesIn("main", "traces", churn, churn)},
		}
	}
	refused := func(input, location string) resource.TestStep {
		return resource.TestStep{
			Config:      late(input, location),
			ExpectError: regexp.MustCompile(`(?s)Could not replace experiment.*was\s+unknown\s+when\s+this\s+was\s+planned`),
		}
	}
	const bound = `{ catalog = "main", schema = "traces", table_prefix = "churn" }`
	const other = `{ catalog = "dev", schema = "traces", table_prefix = "churn" }`
	id := ""
	first := step(bound, members, plancheck.ExpectUnknownValue(acctest.ExperimentAddress,
		tfjsonpath.New("trace_location").AtMapKey("catalog")))
	first.PostApplyFunc = func() { id = w.MustFind(t, "/Shared/churn").ID }
	last := unchanged(t, w, withTraces(w, bound), nil)
	last.Config, last.ConfigPlanChecks = late(bound, bound), resource.ConfigPlanChecks{}
	acctest.UnitTest(t, first,
		step(`{ catalog = "MAIN", schema = "traces", table_prefix = "churn", step = 2 }`, members, inPlace),
		step(bound, whole, inPlace),
		refused(other, members),
		refused(`{ catalog = "dev", schema = "traces", table_prefix = "churn", step = 2 }`, whole),
		last,
		resource.TestStep{Config: late(bound, bound), PostApplyFunc: func() {
			if w.MustFind(t, "/Shared/churn").ID != id || len(w.Experiments()) != 1 {
				t.Error("the experiment was replaced")
			}
		}},
	)
}

// TestTraceLocation_unknownForNone: for an experiment without a location, apply fails if an unknown location is not null.
func TestTraceLocation_unknownForNone(t *testing.T) {
	w := acctest.NewWorkspace(t)
	late := func(input string) string {
		return w.Config(`
			resource "terraform_data" "late" { input = { at = ` + input + ` } }
			` + acctest.ExperimentConfig("name = \"/Shared/churn\"\ntrace_location = terraform_data.late.output.at"))
	}
	none := []statecheck.StateCheck{acctest.ExperimentState("trace_location", knownvalue.Null())}
	acctest.UnitTest(t,
		resource.TestStep{Config: late(`null`), ConfigStateChecks: none},
		resource.TestStep{Config: late(`{ catalog = "main", schema = "traces" }`),
			ExpectError: regexp.MustCompile(`Could not bind trace location`)},
		resource.TestStep{Config: withTraces(w, ""), ConfigStateChecks: none},
	)
}

// TestTraceLocation_invalidInput: invalid values cause an error at the attribute, before a request.
func TestTraceLocation_invalidInput(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	for name, c := range map[string]struct {
		location map[string]any
		want     string
	}{
		"a prefix with a dash": {declaredTraces("main", "traces", "a-b"), "must be at most 238 letters, digits, and underscores"},
		"a prefix too long": {declaredTraces("main", "traces", strings.Repeat("x", 239)),
			"must be at most 238 letters, digits, and underscores"},
		"an empty prefix": {map[string]any{"catalog": "main", "schema": "traces", "table_prefix": ""},
			"To let the server choose a prefix, omit it"},
		"a schema with catalog": {declaredTraces("main", "main.traces", ""), "must be one name in Unity Catalog"},
		"an empty catalog":      {declaredTraces("", "traces", ""), "must be one name in Unity Catalog"},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.Provider(t, emulator.AdminToken).
				Plan("mlflow_experiment", map[string]any{"name": "/Shared/churn", "trace_location": c.location})
			if !strings.HasPrefix(got, "error at trace_location: ") || !strings.Contains(got, c.want) {
				t.Errorf("plan: got diagnostics %q", got)
			}
		})
	}
	longest := declaredTraces("main", "traces", strings.Repeat("x", 238))
	if got := w.Provider(t, emulator.AdminToken).Plan("mlflow_experiment",
		map[string]any{"name": "/Shared/churn", "trace_location": longest}); got != "" {
		t.Errorf("plan: got diagnostics %q, want none", got)
	}
	if seen := w.Calls(); len(seen) > 0 {
		t.Errorf("got requests %v, want none", seen)
	}
}

// TestTraceLocation_mlflowServer: a location causes an error at the attribute during plan. Without one, the planned location is null.
func TestTraceLocation_mlflowServer(t *testing.T) {
	t.Parallel()
	s := acctest.NewRecordedServer(t, nil)
	b := s.Provider(t, nil).Resource("mlflow_experiment")
	p := b.Plan(map[string]any{"name": "churn", "trace_location": declaredTraces("main", "traces", "")})
	if !strings.HasPrefix(
		p.Diagnostics,
		"error at trace_location: Trace location is not supported: The MLflow server does not store traces in "+
			"Unity Catalog",
	) ||
		!strings.Contains(p.Diagnostics, "Remove trace_location from the configuration.") {
		t.Errorf("plan: got diagnostics %q", p.Diagnostics)
	}
	for _, adopts := range []bool{false, true} {
		b = s.Provider(t, nil).Resource("mlflow_experiment")
		p = b.Plan(map[string]any{"name": "churn", "adopt_existing": adopts})
		if value := b.Object(p.Resp.PlannedState)["trace_location"]; p.Diagnostics != "" || !value.IsNull() {
			t.Errorf("plan: got diagnostics %q and trace_location %v, want null", p.Diagnostics, value)
		}
	}
	if len(s.Writes()) > 0 {
		t.Errorf("got write requests %v, want none", s.Writes())
	}
}
