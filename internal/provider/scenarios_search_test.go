package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

func dataSources(t *testing.T, b *acctest.Backend) {
	d := b.Provider(t, nil)
	mark := b.Name("mark")
	ids := map[string]any{}
	for i, value := range []string{`it's`, `the "best"`, "100%", "ü ☃"} {
		name := b.Name("search 50%_" + fmt.Sprint(i))
		id := b.CreateExperiment(t, name, map[string]string{"odd key/x": value, "mark": mark})
		ids[name] = id
		found, diags := d.ReadDataSource("mlflow_experiments", map[string]any{"tags": map[string]string{"odd key/x": value, "mark": mark}})
		if diags != "" || fmt.Sprint(found["ids"]) != fmt.Sprint(map[string]any{name: id}) {
			t.Errorf("search for %q: got %v and diagnostics %q", value, found["ids"], diags)
		}
		if found, diags = d.ReadDataSource("mlflow_experiment", map[string]any{"experiment_id": id}); diags != "" || found["name"] != name ||
			found["lifecycle_stage"] != "active" {
			t.Errorf("experiment %s: got %v and diagnostics %q", id, found, diags)
		}
	}
	marked := map[string]string{"mark": mark}
	for what, config := range map[string]map[string]any{
		"prefix": {"name_prefix": b.Prefix + "search 50%_", "tags": marked},
		"regex":  {"name_regex": `search 50%_\d-\d+$`, "tags": marked},
		"filter": {"filter": "tags.mark = '" + mark + "' AND name LIKE '%search%'", "order_by": []string{"name ASC"}},
	} {
		if found, diags := d.ReadDataSource("mlflow_experiments", config); diags != "" || fmt.Sprint(found["ids"]) != fmt.Sprint(ids) {
			t.Errorf("%s: found is %v, want %v; diagnostics %q", what, found["ids"], ids, diags)
		}
	}
	_, diags := d.ReadDataSource("mlflow_experiments", map[string]any{"filter": "name = 'a' OR name = 'b'"})
	acctest.ExpectDiagnostics(t, diags, "error at filter: Could not search experiments")
	for name, id := range ids {
		b.DeleteExperiment(t, fmt.Sprint(id))
		delete(ids, name)
		break
	}
	if found, _ := d.ReadDataSource("mlflow_experiments", map[string]any{"tags": marked}); fmt.Sprint(found["ids"]) != fmt.Sprint(ids) {
		t.Errorf("active ones: got %v, want %v", found["ids"], ids)
	}
}

// searchPages searches on a server that returns small pages.
func searchPages(t *testing.T, b *acctest.Backend) {
	through, relay := newRelayBackend(t, b)
	mark := b.Name("mark")
	want := map[string]any{}
	for i := range 7 {
		name := b.Name("page")
		want[name] = b.CreateExperiment(t, name, map[string]string{"mark": mark, "n": fmt.Sprint(i)})
	}
	relay.interceptPath(acctest.ExperimentsPath+"search", smallPages(t, 3))
	relay.reset()
	found, diags := through.Provider(t, nil).ReadDataSource("mlflow_experiments", map[string]any{"tags": map[string]string{"mark": mark}})
	if diags != "" || fmt.Sprint(found["ids"]) != fmt.Sprint(want) {
		t.Errorf("found: got %v, want %v; diagnostics %q", found["ids"], want, diags)
	}
	if n := slices.Index(relay.seen(), "POST "+acctest.ExperimentsPath+"search"); len(relay.seen())-n != 3 {
		t.Errorf("7 experiments in pages of 3 sent the requests %q", relay.seen())
	}
}

func refreshCalls(t *testing.T, b *acctest.Backend) {
	const n = 5
	through, relay := newRelayBackend(t, b)
	d := through.Provider(t, nil)
	experiments := make([]*acctest.Resource, n)
	for i := range experiments {
		experiments[i] = d.Resource("mlflow_experiment")
		experiments[i].MustApply(acctest.ExperimentAttributes(b.Name("call"), map[string]any{"tags": map[string]string{"n": fmt.Sprint(i)}}))
	}
	relay.reset()
	again := d.Restart()
	for _, e := range experiments {
		e.Provider = again
		acctest.ExpectDiagnostics(t, e.Read(), "")
	}
	calls := slices.DeleteFunc(relay.seen(), func(call string) bool { return call == "GET /.well-known/databricks-config" }) // once a process
	others := slices.DeleteFunc(slices.Clone(calls), func(call string) bool {
		return call == "GET "+acctest.ExperimentsPath+"get" || call == "POST "+acctest.ExperimentsPath+"search"
	})
	if len(calls) > n || len(calls) == 0 || len(others) > 0 {
		t.Errorf("the refresh of %d experiments sent the requests %q", n, calls)
	}
}
