package experiment_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// searchable returns a workspace with experiments that have similar names and tags.
func searchable(t *testing.T) (w *acctest.Workspace, ids map[string]string) {
	t.Helper()
	var ticks atomic.Int64
	w = acctest.NewWorkspace(t, emulator.Options{Now: func() time.Time { return time.UnixMilli(ticks.Add(1)) }})
	ids = map[string]string{}
	for _, e := range []struct {
		name string
		tags map[string]string
	}{
		{"/Projects/risk_a", map[string]string{"team": "risk", "owner": "o'brien"}},
		{"/Projects/risk-a", map[string]string{"team": "risk", "owner": `"ben"`}},
		{"/Projects/Risk_a", map[string]string{"team": "Risk", "cost centre/id": "7"}},
		{"/Projects/it's", map[string]string{"team": "fraud"}},
		{"/ProjectsOld/risk_a", nil},
	} {
		ids[e.name] = w.CreateExperiment(emulator.Admin, e.name, e.tags)
	}
	deleted := w.CreateExperiment(emulator.Admin, "/Projects/gone", map[string]string{"team": "risk"})
	w.Trash(deleted)
	ids["gone"] = deleted
	return w, ids
}

func TestExperimentsDataSource_chained(t *testing.T) {
	w, ids := searchable(t)
	acctest.UnitTest(t, resource.TestStep{
		Config: w.Config(`
			data "mlflow_experiments" "risk" {
			  name_prefix = "/Workspace/Projects/"
			  tags        = { team = "risk" }
			}
			data "mlflow_experiment" "one" {
			  experiment_id = data.mlflow_experiments.risk.ids["/Projects/risk_a"]
			}`),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.mlflow_experiments.risk", tfjsonpath.New("ids"), knownvalue.MapExact(map[string]knownvalue.Check{
				"/Projects/risk_a": knownvalue.StringExact(ids["/Projects/risk_a"]),
				"/Projects/risk-a": knownvalue.StringExact(ids["/Projects/risk-a"]),
			})),
			statecheck.ExpectKnownValue("data.mlflow_experiments.risk",
				tfjsonpath.New("experiments").AtSliceIndex(1).AtMapKey("tags").AtMapKey("owner"),
				knownvalue.StringExact("o'brien")),
			statecheck.ExpectKnownValue("data.mlflow_experiment.one", tfjsonpath.New("name"), knownvalue.StringExact("/Projects/risk_a")),
		},
	})
	w.ExpectWrites(t)
}

// names returns the last path elements of the found experiments, in order.
func names(state map[string]any) string {
	var names []string
	list, _ := state["experiments"].([]any)
	for _, e := range list {
		details, _ := e.(map[string]any)
		names = append(names, strings.TrimPrefix(fmt.Sprint(details["name"]), "/Projects/"))
	}
	return strings.Join(names, " ")
}

func TestExperimentsDataSource_arguments(t *testing.T) {
	t.Parallel()
	w, _ := searchable(t)
	trashed := "/Users/" + emulator.Admin + "/Trash/gone"
	for name, c := range map[string]struct {
		config map[string]any
		want   string
	}{
		"nothing":            {map[string]any{}, "Risk_a it's risk-a risk_a /ProjectsOld/risk_a"},
		"prefix":             {map[string]any{"name_prefix": "/Projects/"}, "Risk_a it's risk-a risk_a"},
		"prefix, underscore": {map[string]any{"name_prefix": "/Projects/risk_"}, "risk_a"},
		"prefix, quote":      {map[string]any{"name_prefix": "/Projects/it'"}, "it's"},
		"prefix, whole":      {map[string]any{"name_prefix": "/Workspace"}, "Risk_a it's risk-a risk_a /ProjectsOld/risk_a"},
		"regex":              {map[string]any{"name_regex": "^/Projects/(?i:risk)_"}, "Risk_a risk_a"},
		"prefix and regex":   {map[string]any{"name_prefix": "/Projects/", "name_regex": "-a$"}, "risk-a"},
		"filter and regex":   {map[string]any{"filter": "tags.team = 'risk'", "name_regex": "_"}, "risk_a"},
		"tag":                {map[string]any{"tags": map[string]string{"team": "risk"}}, "risk-a risk_a"},
		"tags":               {map[string]any{"tags": map[string]string{"team": "risk", "owner": "o'brien"}}, "risk_a"},
		"tag, double quotes": {map[string]any{"tags": map[string]string{"owner": `"ben"`}}, "risk-a"},
		"tag, odd key":       {map[string]any{"tags": map[string]string{"cost centre/id": "7"}}, "Risk_a"},
		"tag, no match":      {map[string]any{"tags": map[string]string{"team": "none"}}, ""},
		"filter":             {map[string]any{"filter": "name ILIKE '/projects/risk%' AND tags.team != 'Risk'"}, "risk-a risk_a"},
		"order": {map[string]any{"order_by": []string{"creation_time ASC"}, "name_prefix": "/Projects/"},
			"risk_a risk-a Risk_a it's"},
		"order and limit":      {map[string]any{"order_by": []string{"name DESC"}, "limit": 2}, "/ProjectsOld/risk_a risk_a"},
		"limit":                {map[string]any{"limit": 2}, "Risk_a it's"},
		"limit above":          {map[string]any{"limit": 9, "name_regex": "-"}, "risk-a"},
		"deleted":              {map[string]any{"view_type": "DELETED_ONLY"}, trashed},
		"all with tag":         {map[string]any{"view_type": "ALL", "tags": map[string]string{"team": "risk"}}, "risk-a risk_a " + trashed},
		"active, spelt out":    {map[string]any{"view_type": "ACTIVE_ONLY", "name_regex": "gone"}, ""},
		"server's own tag too": {map[string]any{"tags": map[string]string{"mlflow.ownerEmail": emulator.Admin, "team": "fraud"}}, "it's"},
	} {
		t.Run(name, func(t *testing.T) {
			state, got := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_experiments", c.config)
			if found := names(state); got != "" || state == nil || found != c.want {
				t.Errorf("search: got %q and diagnostics %q, want %q", found, got, c.want)
			}
		})
	}
}

func TestExperimentsDataSource_paging(t *testing.T) {
	t.Parallel()
	const seeded = 2500
	w := acctest.NewWorkspace(t, emulator.Options{Seed: seeded})
	for name, c := range map[string]struct {
		config       map[string]any
		found, calls int
	}{
		"all":               {map[string]any{}, seeded, 3},
		"limit":             {map[string]any{"limit": 10}, 10, 1},
		"limit, whole page": {map[string]any{"limit": 1000}, 1000, 1},
		"limit, two pages":  {map[string]any{"limit": 1001}, 1001, 2},
		"regex":             {map[string]any{"name_regex": "00$"}, seeded / 100, 3},
		"limit and regex":   {map[string]any{"name_regex": "experiment-0000", "limit": 1}, 1, 1},
		"prefix":            {map[string]any{"name_prefix": "/Projects/team-01/"}, seeded / 20, 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.Count(http.MethodPost, acctest.ExperimentsPath+"search")
			state, got := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_experiments", c.config)
			list, _ := state["experiments"].([]any)
			ids, _ := state["ids"].(map[string]any)
			if got != "" || len(list) != c.found || len(ids) != c.found {
				t.Errorf("search: got %d experiments, %d IDs, and diagnostics %q, want %d", len(list), len(ids), got, c.found)
			}
			if calls := w.Count(http.MethodPost, acctest.ExperimentsPath+"search") - before; calls != c.calls {
				t.Errorf("search: got %d requests, want %d", calls, c.calls)
			}
		})
	}
}

// A server pages by offset, so an experiment that is created between two requests moves others to the next page. Its database may be
// case-insensitive.
func TestExperimentsDataSource_inexactServer(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	experiment := func(id, name, team string) string {
		return fmt.Sprintf(`{"experiment_id": %q, "name": %q, "tags": [{"key": "team", "value": %q}]}`, id, name, team)
	}
	for _, page := range []string{
		`{"experiments": [` + experiment("1", "/a/x", "risk") + `, ` + experiment("2", "/A/x", "risk") + `], "next_page_token": "2"}`,
		`{"experiments": [` + experiment("1", "/a/x", "risk") + `, ` + experiment("3", "/a/y", "Risk") + `], "next_page_token": "3"}`,
		`{"next_page_token": "4"}`,
		`{"experiments": [` + experiment("4", "/a/a", "risk") + `]}`,
	} {
		w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "search", Status: http.StatusOK, ContentType: "application/json", RawBody: page})
	}
	state, got := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_experiments",
		map[string]any{"name_prefix": "/a/", "tags": map[string]string{"team": "risk"}})
	if want := map[string]any{"/a/x": "1", "/a/a": "4"}; got != "" || !reflect.DeepEqual(state["ids"], want) || names(state) != "/a/a /a/x" {
		t.Errorf("search: got IDs %v (%s) and diagnostics %q, want %v", state["ids"], names(state), got, want)
	}
}

// The search returns the same attributes of an experiment as the data source for one experiment.
func TestExperimentsDataSource_sameAsSingle(t *testing.T) {
	t.Parallel()
	w, ids := searchable(t)
	d := w.Provider(t, emulator.AdminToken)
	found, _ := d.ReadDataSource("mlflow_experiments", map[string]any{"filter": "name = '/Projects/risk_a'"})
	single, _ := d.ReadDataSource("mlflow_experiment", map[string]any{"experiment_id": ids["/Projects/risk_a"]})
	delete(single, "workspace") // an argument: the search has its own
	if want := []any{single}; single == nil || !reflect.DeepEqual(found["experiments"], any(want)) {
		t.Errorf("got %v from mlflow_experiments and %v from mlflow_experiment, want the same", found["experiments"], single)
	}
}

func TestExperimentsDataSource_failedSearch(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, emulator.Options{Seed: 1001})
	w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "search", Skip: 1, Times: 1, Status: http.StatusForbidden,
		Code: "PERMISSION_DENIED", Message: "not yours"})
	_, got := w.Provider(t, emulator.AdminToken).ReadDataSource("mlflow_experiments", map[string]any{})
	if !strings.HasPrefix(got, "error: Could not search experiments: Search of experiments: not yours") {
		t.Errorf("failed search: got diagnostics %q, want an error", got)
	}
}
