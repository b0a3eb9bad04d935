package emulator_test

import (
	"math"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// seedSearch adds runs a to d, of which c is running and d is deleted, and returns a function that searches for runs.
func seedSearch(t *testing.T) (w *emulator.Workspace, admin client, id string, search func(object) response) {
	t.Helper()
	w, admin, id = startRuns(t, emulator.Options{})
	for _, r := range []emulator.Run{
		{
			Name: "a", Started: 1000, Ended: 9000, Status: "FINISHED", User: "ana", Metrics: map[string]float64{"loss": 0.5, "val loss": 2},
			Params: map[string]string{"depth": "3", "a.b": "x"}, Tags: map[string]string{"team": "red", "user-name": "ana", "odd": "it's"},
		},
		{
			Name: "B", Started: 2000, Ended: 8000, Status: "FAILED", User: "ben", Metrics: map[string]float64{"loss": math.Inf(1), "val loss": -1},
			Params: map[string]string{"depth": "10"}, Tags: map[string]string{"team": "Red"},
		},
		{Name: "c", Started: 3000, Metrics: map[string]float64{"loss": math.NaN()}, Params: map[string]string{"depth": "3"}},
		{Name: "d", Started: 4000, Deleted: 5000, Status: "KILLED", Metrics: map[string]float64{"loss": 0.1}},
	} {
		r.ExperimentID = id
		w.CreateRun(r)
	}
	search = func(body object) response {
		if body["experiment_ids"] == nil {
			body["experiment_ids"] = []string{id}
		}
		return admin.post(runsAPI+"search", body)
	}
	return w, admin, id, search
}

// runNames returns the names of the runs in a response.
func runNames(a response) string {
	var all strings.Builder
	for _, run := range list(a.json, "runs") {
		all.WriteString(text(child(run, "info"), "run_name"))
	}
	return all.String()
}

func TestRunsSearch_filter(t *testing.T) {
	w, _, id, search := seedSearch(t)
	first := w.RunsOf(id)[3]
	for _, c := range []struct{ filter, want string }{
		{"", "cBa"},
		{"  ", "cBa"},
		{"metrics.loss = 0.5", "a"},
		{"metrics.loss != 0.5", "cB"},
		{"metrics.loss > 0.4", "Ba"},
		{"metrics.loss >= 5e-1", "Ba"},
		{"metrics.loss < 1", "a"},
		{"metric.loss <= 0.5", "a"},
		{`metrics."val loss" > 0`, "a"},
		{"metrics.`val loss` > -2", "Ba"},
		{"metrics.none != 1", ""},
		{"params.depth = '3'", "ca"},
		{"params.depth != '3'", "B"},
		{"param.depth LIKE '1%'", "B"},
		{"parameters.a.b ILIKE 'X'", "a"},
		{`params."a.b" = "x"`, "a"},
		{"tags.team = 'red'", "a"},
		{"tag.team LIKE 'R%'", "B"},
		{"tags.team ILIKE 'r_d'", "Ba"},
		{"tags.team != 'red'", "B"},
		{`tags."user-name" = 'ana'`, "a"},
		{"tags.mlflow.runName = 'c'", "c"},
		{`tags.odd = "it's"`, "a"},
		{"attributes.status = 'FINISHED'", "a"},
		{"attribute.status != 'FINISHED'", "cB"},
		{"status LIKE 'F%'", "Ba"},
		{"run_name = 'B'", "B"},
		{"attributes.run_name ILIKE 'b'", "B"},
		{"attributes.`run name` = 'a'", "a"},
		{"attributes.start_time > 1000", "cB"},
		{"start_time >= 1000 AND start_time <= 2000", "Ba"},
		{"created < 2000", "a"},
		{"end_time < 9000", "B"}, // a running run has no end time
		{"attributes.end_time != 9000", "B"},
		{"user_id = 'ben'", "B"},
		{"attributes.run_id = '" + first.ID + "'", "a"},
		{"run_id != '" + first.ID + "'", "cB"},
		{"artifact_uri LIKE '%" + first.ID + "%'", "a"},
		{"params.depth = '3' and metrics.loss < 1", "a"},
		{"params.depth='3' AND tags.team='red' AND status='FINISHED'", "a"},
	} {
		if a := search(object{"filter": c.filter}); a.status != 200 || runNames(a) != c.want {
			t.Errorf("%s: %d %s, want %q", c.filter, a.status, runNames(a), c.want)
		}
	}
	for _, bad := range []string{
		"params.depth = '3' OR status = 'FAILED'", "params.depth", "params.depth =", "params.depth = 3", "metrics.loss = '1'",
		"metrics.loss LIKE '1'", "params.depth > '1'", "start_time = '1000'", "attributes.nothing = 'x'", "nothing = 'x'",
		"status IN ('FAILED')", "tags.user-name = 'ana'", "(params.depth = '3')", "params.depth = '3' AND", "NOT status = 'FAILED'",
		"experiments.name = 'x'", "lifecycle_stage = 'active'", "tags.team = red",
	} {
		search(object{"filter": bad}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
	}
}

func TestRunsSearch_order(t *testing.T) {
	w, _, id, search := seedSearch(t)
	w.CreateRun(emulator.Run{ExperimentID: id, Name: "e", Started: 3000, Ended: 9000, Metrics: map[string]float64{"loss": math.Inf(-1)},
		User: "ana"})
	ce := "ce" // by run ID, both started at once
	if w.RunsOf(id)[1].Name == "e" {
		ce = "ec"
	}
	for _, c := range []struct {
		orderBy []string
		want    string
	}{
		{nil, ce + "Ba"},
		{[]string{"start_time"}, "aB" + ce},
		{[]string{"attributes.start_time DESC"}, ce + "Ba"},
		{[]string{"start_time ASC", "run_name desc"}, "aBec"},
		{[]string{"metrics.loss"}, "eaBc"},      // NaN is last
		{[]string{"metrics.loss DESC"}, "Baec"}, // in both directions
		{[]string{"metrics.`val loss` ASC"}, "Ba" + ce},
		{[]string{`metrics."val loss" DESC`}, "aB" + ce},
		{[]string{"params.depth"}, "Bcae"}, // as texts; runs without the parameter are last
		{[]string{"params.depth DESC"}, "caBe"},
		{[]string{"tags.team", "status"}, "Ba" + ce},
		{[]string{"end_time DESC"}, "eaBc"},
		{[]string{"attribute.run_name"}, "Bace"},
		{[]string{"user_id DESC", "start_time"}, "Baec"},
		{[]string{"status"}, "Ba" + ce},
	} {
		if a := search(object{"order_by": c.orderBy}); a.status != 200 || runNames(a) != c.want {
			t.Errorf("%v: %d %s, want %q", c.orderBy, a.status, runNames(a), c.want)
		}
	}
	for _, bad := range []string{"metrics.loss SIDEWAYS", "nothing", "attributes.nothing DESC", "start_time, run_id", "metrics.val loss"} {
		search(object{"order_by": []string{bad}}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
	}
}

func TestRunsSearch_views(t *testing.T) {
	w, _, id, search := seedSearch(t)
	other := w.CreateExperiment(emulator.Admin, "/Projects/other", nil)
	w.CreateRun(emulator.Run{ExperimentID: other, Name: "o", Started: 2500})
	for view, want := range map[string]string{"": "cBa", "ACTIVE_ONLY": "cBa", "DELETED_ONLY": "d", "ALL": "dcBa"} {
		wantEqual(t, "view "+view, runNames(search(object{"run_view_type": view})), want)
	}
	search(object{"run_view_type": "SOME"}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'run_view_type'")
	wantEqual(t, "two experiments, one of them twice", runNames(search(object{"experiment_ids": []string{id, other, id}})), "coBa")
	search(object{"experiment_ids": []string{}}).wantError(t, 400, "INVALID_PARAMETER_VALUE", "'experiment_ids'")
	search(object{"experiment_ids": []string{id, "42"}}).wantError(t, 404, "RESOURCE_DOES_NOT_EXIST", "42")
	w.Trash(id)
	wantEqual(t, "active in Trash", runNames(search(object{})), "")
	wantEqual(t, "deleted in Trash", runNames(search(object{"run_view_type": "DELETED_ONLY"})), "dcBa")
	if a := search(object{}); a.raw != "{}\n" {
		t.Errorf("nothing found: got %s, want {}", a.raw)
	}
}

func TestRunsSearch_pages(t *testing.T) {
	w, _, id, search := seedSearch(t)
	for _, orderBy := range [][]string{nil, {"metrics.loss DESC"}, {"params.depth", "end_time"}, {"run_name"}} {
		for size := 1; size <= 4; size++ {
			body := object{"max_results": size, "order_by": orderBy, "run_view_type": "ALL"}
			whole := runNames(search(object{"order_by": orderBy, "run_view_type": "ALL"}))
			var found string
			for pages := 0; pages < 5; pages++ {
				a := search(body)
				found += runNames(a)
				if body["page_token"] = text(a.json, "next_page_token"); body["page_token"] == "" {
					break
				}
			}
			wantEqual(t, "pages together", found, whole)
		}
	}
	a := search(object{"max_results": 2})
	token := text(a.json, "next_page_token")
	// A deletion between two pages does not shift the next page.
	w.DeleteRun(text(child(list(a.json, "runs")[0], "info"), "run_id"))
	wantEqual(t, "second page", runNames(search(object{"max_results": 1000, "page_token": token})), "a")
	for name, body := range map[string]object{
		"another filter":      {"page_token": token, "filter": "start_time > 0"},
		"another order":       {"page_token": token, "order_by": []string{"run_id"}},
		"another view":        {"page_token": token, "run_view_type": "ALL"},
		"another experiment":  {"page_token": token, "experiment_ids": []string{w.CreateExperiment(emulator.Admin, "/Projects/x", nil)}},
		"no token":            {"page_token": "more"},
		"a token of nothing":  {"page_token": "e30"},
		"a broken token":      {"page_token": token[1:]},
		"no results":          {"max_results": 0},
		"less than none":      {"max_results": -1},
		"more than the limit": {"max_results": 50001},
	} {
		if a := search(body); a.status != 400 || a.json["error_code"] != "INVALID_PARAMETER_VALUE" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	wantEqual(t, "at the limit", search(object{"max_results": 50000}).status, 200)
	for range 1001 {
		w.AddRun(id)
	}
	wantEqual(t, "page without a size", len(list(search(object{}).json, "runs")), 1000)
}
