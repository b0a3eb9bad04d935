package emulator_test

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// searchAll runs a search on all pages. It returns the last elements of the names and the number of pages.
func searchAll(p client, body object) (names []string, pages int) {
	p.t.Helper()
	for {
		a := p.ok("POST", experimentsAPI+"search", body)
		pages++
		for _, e := range list(a.json, "experiments") {
			names = append(names, path.Base(text(e, "name")))
		}
		token := text(a.json, "next_page_token")
		if token == "" {
			return names, pages
		}
		body["page_token"] = token
	}
}

// threeExperiments creates a, b, and c (deleted), in this order, a second apart.
func threeExperiments(t *testing.T) (client, int64) {
	now := newClock()
	w, admin := start(t, emulator.Options{Now: now.Now})
	first := now.now.UnixMilli()
	w.CreateExperiment(emulator.Admin, "/Shared/a", map[string]string{"team": "growth", "odd key": "it's", "mlflow.note.content": "x"})
	now.now = now.now.Add(time.Second)
	w.CreateExperiment(emulator.Admin, "/Shared/b", map[string]string{"team": "risk"})
	now.now = now.now.Add(time.Second)
	w.Trash(w.CreateExperiment(emulator.Admin, "/Shared/c", nil))
	return admin, first
}

func TestSearch_filters(t *testing.T) {
	admin, first := threeExperiments(t)
	cases := []struct {
		fact, filter string
		want         []string
	}{
		{"no filter: newest first", "", []string{"b", "a"}},
		{"name", "name = '/Shared/a'", []string{"a"}},
		{"name as an attribute, in double quotes", `attribute.name = "/Shared/a"`, []string{"a"}},
		{"another name", "name != '/Shared/a'", []string{"b"}},
		{"LIKE", "name LIKE '/Shared/%'", []string{"b", "a"}},
		{"LIKE with one character", "name LIKE '/Shared/_'", []string{"b", "a"}},
		{"LIKE is case-sensitive", "name LIKE '/shared/%'", nil},
		{"ILIKE is not", "name ILIKE '/shared/A'", []string{"a"}},
		{"LIKE does not interpret dots", "name LIKE '.Shared.a'", nil},
		{"a tag", "tags.team = 'growth'", []string{"a"}},
		{"a tag by another value: not those without it", "tags.team != 'growth'", []string{"b"}},
		{"a quoted key", "tags.`odd key` = \"it's\"", []string{"a"}},
		{"a key in double quotes", `tags."odd key" LIKE 'it%'`, []string{"a"}},
		{"a key with dots", "tags.mlflow.note.content = 'x'", []string{"a"}},
		{"the workspace's own tags", "tags.mlflow.ownerEmail = '" + emulator.Admin + "'", []string{"b", "a"}},
		{"AND", "tags.team ILIKE 'R%' AND name = '/Shared/b'", []string{"b"}},
		{"and, with nothing left", "tags.team = 'risk' and name = '/Shared/a'", nil},
		{"there is no escape in a value", "tags.`odd key` = 'it''s'", nil},
		{"creation time", fmt.Sprintf("creation_time = %d", first), []string{"a"}},
		{"creation time, greater", fmt.Sprintf("creation_time > %d", first), []string{"b"}},
		{"creation time, at least", fmt.Sprintf("creation_time >= %d", first), []string{"b", "a"}},
		{"creation time, less", fmt.Sprintf("creation_time<%d", first), nil},
		{"creation time, at most", fmt.Sprintf("creation_time<=%d", first), []string{"a"}},
		{"update time, other than", fmt.Sprintf("last_update_time != %d", first), []string{"b"}},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			p := admin
			p.t = t
			if got, _ := searchAll(p, object{"filter": c.filter}); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", c.filter, got, c.want)
			}
		})
	}
}

func TestSearch_rejected(t *testing.T) {
	admin, _ := threeExperiments(t)
	token := admin.ok("POST", experimentsAPI+"search", object{"max_results": 1}).json["next_page_token"]
	cases := []struct {
		fact string
		body object
	}{
		{"more than 3000 a page", object{"max_results": 3001}},
		{"an empty page", object{"max_results": 0}},
		{"a negative page", object{"max_results": -1}},
		{"OR", object{"filter": "name = 'a' OR name = 'b'"}},
		{"parentheses", object{"filter": "(name = 'a')"}},
		{"an unknown attribute", object{"filter": "experiment_id = '1'"}},
		{"an unquoted text", object{"filter": "name = 12"}},
		{"a quoted number", object{"filter": "creation_time > '12'"}},
		{"LIKE on a number", object{"filter": "creation_time LIKE 12"}},
		{"greater on a text", object{"filter": "name > 'a'"}},
		{"like in lower case", object{"filter": "name like 'a'"}},
		{"a bare tag key with a space", object{"filter": "tags.odd key = 'a'"}},
		{"text after the filter", object{"filter": "name = 'a' name = 'b'"}},
		{"order by a tag", object{"order_by": []string{"tags.team"}}},
		{"order by an unknown attribute", object{"order_by": []string{"artifact_location"}}},
		{"an unknown view", object{"view_type": "SOME"}},
		{"a made-up token", object{"page_token": "made-up"}},
		{"a token of another query", object{"page_token": token, "filter": "name LIKE '%'"}},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			admin.post(experimentsAPI+"search", c.body).wantError(t, 400, "INVALID_PARAMETER_VALUE", "")
		})
	}
}

func TestSearch_orderAndViews(t *testing.T) {
	admin, _ := threeExperiments(t)
	cases := []struct {
		fact string
		body object
		want []string
	}{
		{"by name", object{"order_by": []string{"name"}}, []string{"a", "b"}},
		{"by name, descending", object{"order_by": []string{"name DESC"}}, []string{"b", "a"}},
		{"by creation time", object{"order_by": []string{"creation_time asc"}}, []string{"a", "b"}},
		{"by update time", object{"order_by": []string{"last_update_time DESC"}}, []string{"b", "a"}},
		{"by id", object{"order_by": []string{"experiment_id ASC"}}, []string{"a", "b"}},
		{"the first one counts", object{"order_by": []string{"creation_time", "name DESC"}}, []string{"a", "b"}},
		{"active ones", object{"view_type": "ACTIVE_ONLY"}, []string{"b", "a"}},
		{"deleted ones", object{"view_type": "DELETED_ONLY"}, []string{"c"}},
		{"all", object{"view_type": "ALL"}, []string{"c", "b", "a"}},
	}
	for _, c := range cases {
		t.Run(c.fact, func(t *testing.T) {
			for _, size := range []any{nil, 1} { // on one page, and one by one
				p := admin
				p.t = t
				delete(c.body, "page_token")
				c.body["max_results"] = size
				if got, _ := searchAll(p, c.body); !slices.Equal(got, c.want) {
					t.Errorf("max_results %v: got %q, want %q", size, got, c.want)
				}
			}
		})
	}
}

func TestSearch_ties(t *testing.T) {
	now := newClock()
	w, admin := start(t, emulator.Options{Now: now.Now})
	for _, name := range []string{"a", "b", "c"} { // all in one millisecond
		w.CreateExperiment(emulator.Admin, "/Shared/"+name, nil)
	}
	for _, order := range [][]string{nil, {"creation_time ASC"}} {
		if got, _ := searchAll(admin, object{"order_by": order, "max_results": 2}); !slices.Equal(got, []string{"c", "b", "a"}) {
			t.Errorf("order %q: %q, want the highest id first", order, got)
		}
	}
}

func TestSearch_pages(t *testing.T) {
	_, admin := start(t, emulator.Options{Seed: 25})
	for _, c := range []struct {
		size  any
		pages int
	}{{nil, 1}, {25, 1}, {10, 3}, {1, 25}} {
		names, pages := searchAll(admin, object{"max_results": c.size})
		slices.Sort(names)
		if len(slices.Compact(names)) != 25 || pages != c.pages {
			t.Errorf("max_results %v: got %d names on %d pages, want 25 on %d", c.size, len(names), pages, c.pages)
		}
	}
}

func TestSearch_changesBetweenPages(t *testing.T) {
	for _, order := range [][]string{nil, {"name"}} {
		w, admin := start(t, emulator.Options{Seed: 6})
		a := admin.ok("POST", experimentsAPI+"search", object{"max_results": 3, "order_by": order})
		first := list(a.json, "experiments")
		w.Purge(text(first[2], "experiment_id")) // where the page ended
		w.CreateExperiment(emulator.Admin, "/Aaa/first-in-either-order", nil)
		got, _ := searchAll(admin, object{"max_results": 3, "order_by": order, "page_token": a.json["next_page_token"]})
		if len(got) != 3 || slices.Contains(got, "first-in-either-order") {
			t.Errorf("order %q: the second page is %q, want the three others", order, got)
		}
	}
}

func TestSearch_readable(t *testing.T) {
	w, admin := start(t, emulator.Options{})
	w.CreateExperiment(emulator.User, home+"mine", nil)
	w.CreateExperiment(emulator.Admin, "/Projects/hidden", nil)
	w.CreateExperiment(emulator.Admin, "/Shared/everybody", nil)
	got, pages := searchAll(admin.as(emulator.UserToken), object{"max_results": 1})
	if !slices.Equal(got, []string{"everybody", "mine"}) {
		t.Errorf("Ana sees %q", got)
	}
	if pages != 3 {
		t.Errorf("%d pages, want 3: one of them is empty with a token for more", pages)
	}
}

func TestList_pages(t *testing.T) {
	_, admin := start(t, emulator.Options{Seed: 1100})
	sizes := []struct {
		query url.Values
		want  int
	}{
		{url.Values{}, 1100}, {url.Values{"max_results": {"10"}}, 10}, {url.Values{"max_results": {"5000"}}, 1000},
		{url.Values{"view_type": {"DELETED_ONLY"}}, 0},
	}
	for _, c := range sizes {
		a := admin.ok("GET", experimentsAPI+"list?"+c.query.Encode(), nil)
		if got := len(list(a.json, "experiments")); got != c.want {
			t.Errorf("%v: %d experiments, want %d", c.query, got, c.want)
		}
	}
	admin.get(experimentsAPI+"list?max_results=many").wantError(t, 400, "INVALID_PARAMETER_VALUE", "'max_results'")
}

func BenchmarkSearch100000(b *testing.B) {
	w := emulator.New(emulator.Options{Seed: 100_000})
	for _, order := range []string{"", `"name"`} {
		b.Run("order "+order, func(b *testing.B) {
			for b.Loop() {
				searchOnce(b, w, `{"max_results":1000,"order_by":[`+order+`]}`)
			}
		})
	}
}

func TestSeed(t *testing.T) {
	now := newClock()
	w, _ := start(t, emulator.Options{Seed: 3, Now: now.Now})
	all := w.Experiments()
	if len(all) != 3 || all[0].Name != "/Projects/team-01/experiment-000001" {
		t.Fatalf("seeded %+v", all)
	}
	for i, e := range all {
		minutes := int64(len(all) - i)
		if e.CreationTime != now.now.Add(-time.Duration(minutes)*time.Minute).UnixMilli() || e.LastUpdateTime != e.CreationTime {
			t.Errorf("%s was created at %d and updated at %d", e.Name, e.CreationTime, e.LastUpdateTime)
		}
		if team, _ := e.Tag("team"); team != path.Base(path.Dir(e.Name)) {
			t.Errorf("%s has the team %q", e.Name, team)
		}
		if got := w.Grants(e.ID); len(got) != 1 || got[0].Principal != emulator.UserPrincipal(emulator.OtherUser) {
			t.Errorf("%s has the grants %v", e.Name, got)
		}
	}
}

func TestSeedNotebooks(t *testing.T) {
	w, admin := start(t, emulator.Options{Seed: 1, SeedNotebooks: 2, SeedGitNotebooks: 2})
	kinds := map[string]string{
		"/Projects/team-01/experiment-000001":    "MLFLOW_EXPERIMENT",
		"/Projects/team-01/notebook-000001":      "NOTEBOOK",
		"/Projects/team-02/notebook-000002":      "NOTEBOOK",
		"/Projects/team-01/code/notebook-000001": "NOTEBOOK",
		"/Projects/team-02/code/notebook-000002": "NOTEBOOK",
		"/Projects/team-02/code":                 "REPO",
	}
	for path, want := range kinds {
		if got := admin.ok("GET", statusAPI+path, nil).json["object_type"]; got != want {
			t.Errorf("%s is a %v, want a %s", path, got, want)
		}
	}
	all := w.Experiments()
	if len(all) != 5 {
		t.Fatalf("seeded %+v", all)
	}
	for i, e := range all {
		if i > 0 && e.CreationTime <= all[i-1].CreationTime {
			t.Errorf("%s is not newer than %s", e.Name, all[i-1].Name)
		}
		if _, inGit := e.Tag("mlflow.experiment.sourceType"); inGit != strings.Contains(e.Name, "/code/") {
			t.Errorf("%s has the tags %v", e.Name, e.Tags)
		}
	}
	if names, _ := searchAll(admin, object{"max_results": 2}); len(names) != 5 || names[4] != "experiment-000001" {
		t.Errorf("search finds %q", names)
	}
}
