package emulator_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// traces returns the trace location of an experiment in a response, nil if it has none.
func traces(experiment object) object {
	return child(child(experiment, "trace_location"), "uc_trace_location")
}

func TestCreate_traceLocation(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	for _, c := range []struct {
		fact       string
		sent, want object
	}{
		{"with a prefix", object{"catalog": "Main", "schema": "traces", "table_prefix": "churn_1"},
			object{"catalog": "Main", "schema": "traces", "table_prefix": "churn_1", "effective_table_prefix": "churn_1"}},
		{"without a prefix", object{"catalog": "main", "schema": "traces"},
			object{"catalog": "main", "schema": "traces", "effective_table_prefix": "experiment_ID"}},
		{"an effective prefix in the request is ignored", object{"catalog": "main", "schema": "traces", "effective_table_prefix": "other"},
			object{"catalog": "main", "schema": "traces", "effective_table_prefix": "experiment_ID"}},
		{"none", nil, nil},
	} {
		t.Run(c.fact, func(t *testing.T) {
			name := "/Shared/" + strings.ReplaceAll(c.fact, " ", "-")
			body := object{"name": name}
			if c.sent != nil {
				body["trace_location"] = object{"uc_trace_location": c.sent}
			}
			id := text(admin.ok("POST", experimentsAPI+"create", body).json, "experiment_id")
			for key, value := range c.want {
				if value == "experiment_ID" {
					c.want[key] = "experiment_" + id
				}
			}
			found := list(admin.ok("POST", experimentsAPI+"search", object{"filter": "name = '" + name + "'"}).json, "experiments")
			for by, e := range map[string]object{
				"get": admin.experiment(id), "get-by-name": child(admin.ok("GET", byName(name), nil).json, "experiment"), "search": found[0],
			} {
				if _, has := e["trace_location"]; has != (c.want != nil) || !maps.Equal(traces(e), c.want) {
					t.Errorf("%s: %v, want %v", by, e["trace_location"], c.want)
				}
			}
			if e, _ := w.Experiment(id); (e.TraceLocation != nil) != (c.want != nil) {
				t.Errorf("out of band: %+v", e.TraceLocation)
			}
		})
	}
}

func TestCreate_traceLocationRejected(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	for _, c := range []struct {
		fact    string
		sent    any
		message string
	}{
		{"empty", object{}, "'trace_location.uc_trace_location'"},
		{"no catalog", object{"uc_trace_location": object{"schema": "traces"}}, "uc_trace_location.catalog'"},
		{"no schema", object{"uc_trace_location": object{"catalog": "main"}}, "uc_trace_location.schema'"},
		{"a bad prefix", object{"uc_trace_location": object{"catalog": "main", "schema": "traces", "table_prefix": "a-b"}},
			"Invalid table_prefix 'a-b'"},
		{"a long prefix", object{"uc_trace_location": object{"catalog": "main", "schema": "traces", "table_prefix": strings.Repeat("x", 239)}},
			"238"},
	} {
		t.Run(c.fact, func(t *testing.T) {
			admin.post(experimentsAPI+"create", object{"name": "/Shared/churn", "trace_location": c.sent}).wantError(t, 400,
				"INVALID_PARAMETER_VALUE", c.message)
		})
	}
	if n := len(w.Experiments()); n > 0 {
		t.Errorf("%d experiments were created", n)
	}
	longest := object{"uc_trace_location": object{"catalog": "main", "schema": "traces", "table_prefix": strings.Repeat("x", 238)}}
	admin.ok("POST", experimentsAPI+"create", object{"name": "/Shared/churn", "trace_location": longest})
}

// TestTraceLocation_unchanged checks that requests do not change a trace location. An update ignores the field, like all unknown fields.
func TestTraceLocation_unchanged(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	admin.ok("POST", experimentsAPI+"update", object{
		"experiment_id": id, "new_name": "/Shared/renamed", "trace_location": object{"uc_trace_location": object{"catalog": "main",
			"schema": "traces"}},
	})
	if _, has := admin.experiment(id)["trace_location"]; has {
		t.Error("an update bound a trace location")
	}
	w.BindTraceLocation(id, "main", "traces", "")
	admin.ok("POST", experimentsAPI+"update", object{"experiment_id": id, "new_name": "/Shared/churn"})
	admin.ok("POST", experimentsAPI+"delete", object{"experiment_id": id})
	admin.ok("POST", experimentsAPI+"restore", object{"experiment_id": id})
	want := object{"catalog": "main", "schema": "traces", "effective_table_prefix": "experiment_" + id}
	if got := traces(admin.experiment(id)); !maps.Equal(got, want) {
		t.Errorf("after a rename, a delete, and a restore: %v", got)
	}
	w.UnbindTraceLocation(id)
	if _, has := admin.experiment(id)["trace_location"]; has {
		t.Error("it is still bound")
	}
}
