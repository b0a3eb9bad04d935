package review

import (
	"encoding/csv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// grantOf returns a grant with only the required fields.
func grantOf(experiment, kind, principal, level string, inherited bool) Grant {
	return Grant{Experiment: experiment, Kind: kind, Principal: principal, Level: level, Inherited: inherited}
}

func inheritedFrom(object string, g Grant) Grant {
	g.InheritedFrom = object
	return g
}

func exampleGrants() []Grant {
	return []Grant{
		grantOf("/Projects/churn", "user", "ana@example.com", "CAN_EDIT", false),
		inheritedFrom("/Projects", grantOf("/Projects/churn", "user", "ana@example.com", "CAN_MANAGE", true)),
		inheritedFrom("/directories/7", grantOf("/Projects/churn", "group", "risk", "CAN_READ", true)),
		grantOf("/Projects/churn", "group", "risk", "CAN_READ", false),
		{Experiment: "/Projects/alpha", Kind: "service_principal", Principal: "6f1c", DisplayName: "deployer", Level: "CAN_EDIT"},
		grantOf("/Projects/alpha", "group", "admins", "CAN_MANAGE", true),
	}
}

// runGrants returns grants to a principal with CAN_EDIT and CAN_RUN, and to one with CAN_RUN.
func runGrants() []Grant {
	return []Grant{
		grantOf("/Projects/run", "group", "risk", "CAN_EDIT", false),
		inheritedFrom("/Projects", grantOf("/Projects/run", "group", "risk", "CAN_RUN", true)),
		inheritedFrom("/Projects", grantOf("/Projects/run", "group", "science", "CAN_RUN", true)),
		grantOf("/Projects/run", "group", "science", "CAN_READ", false),
	}
}

// hostileNames are names with a meaning in a spreadsheet, Markdown, HTML, or a script, and names that are not displayed as they are.
var hostileNames = []string{
	"=HYPERLINK(\"http://evil\")", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "a;=1", "a\t=1", "a\n=1", " \t=1",
	"a;\"=1", "a|b", "a\\|b", "`code`", "``", "a\nb", "*bold*", "_x_", "[a](http://evil)",
	"<script>alert(1)</script>", "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
	"'onmouseover='alert(1)", "{{.}}", "${7*7}", "]]>", "<!--",
	"&lt;", "\u202eright to left", "zero\u200bwidth", "\u2028", "@octocat", " space ", "模型 ☃", "\x00",
	"javascript:alert(1)", "</style>", "</title>",
}

func hostileGrants() []Grant {
	var grants []Grant
	for i, name := range hostileNames {
		grants = append(grants, grantOf(name, name, name, name, false), Grant{
			Experiment: name, Kind: "user", Principal: hostileNames[len(hostileNames)-1-i], DisplayName: name, Level: "CAN_EDIT",
			Inherited: i%2 == 0, InheritedFrom: name,
		})
	}
	return grants
}

// pageOf renders grants as a page.
func pageOf(t *testing.T, r Review) string {
	t.Helper()
	page, err := NewMatrix(r).HTML(PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// The result does not depend on the order of the grants or on duplicates, and the grants are not changed.
func TestMatrix_deterministic(t *testing.T) {
	t.Parallel()
	render := func(grants []Grant) string {
		m := NewMatrix(Review{Grants: grants})
		return m.Markdown() + m.CSV() + pageOf(t, Review{Grants: grants})
	}
	grants := slices.Concat(exampleGrants(), hostileGrants(), runGrants())
	given := slices.Clone(grants)
	want := render(grants)
	if !slices.Equal(grants, given) {
		t.Error("NewMatrix changed the grants")
	}
	if render(slices.Concat(grants, grants)) != want {
		t.Error("duplicate grants changed the text")
	}
	for seed := range uint64(5) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(grants), func(i, j int) { grants[i], grants[j] = grants[j], grants[i] })
		if render(grants) != want {
			t.Fatal("the order of the grants changed the text")
		}
	}
}

// TestNewMatrix_ranking checks which of several grants the matrix shows.
func TestNewMatrix_ranking(t *testing.T) {
	t.Parallel()
	grant := func(level string, inherited bool) Grant { return grantOf("e", "user", "u", level, inherited) }
	effective := func(g Grant) Grant {
		g.Effective = true
		return g
	}
	for name, c := range map[string]struct {
		grants []Grant
		want   string
	}{
		"the highest": {
			[]Grant{grant("CAN_READ", false), grant("CAN_MANAGE", true), grant("CAN_EDIT", false)}, "CAN_MANAGE (inherited)",
		},
		"the direct one of two": {[]Grant{grant("CAN_EDIT", true), grant("CAN_EDIT", false)}, "CAN_EDIT"},
		"use above read":        {[]Grant{grant("USE", false), grant("CAN_READ", false)}, "USE"},
		"neither of edit and run is higher": {
			[]Grant{grant("CAN_RUN", true), grant("CAN_READ", false), grant("CAN_EDIT", false)}, "CAN_EDIT, CAN_RUN (inherited)",
		},
		"run above read": {[]Grant{grant("CAN_READ", false), grant("CAN_RUN", true)}, "CAN_RUN (inherited)"},
		"manage above both": {[]Grant{grant("CAN_RUN", false), grant("CAN_EDIT", true), grant("CAN_MANAGE", true)},
			"CAN_MANAGE (inherited)"},
		"both effective":         {[]Grant{effective(grant("CAN_RUN", false)), effective(grant("CAN_EDIT", false))}, "CAN_EDIT, CAN_RUN"},
		"one of both effective":  {[]Grant{grant("CAN_RUN", false), effective(grant("CAN_EDIT", false))}, "CAN_EDIT"},
		"an effective DENY":      {[]Grant{effective(grant("DENY", false)), grant("CAN_MANAGE", true)}, "DENY"},
		"known before unknown":   {[]Grant{grant("CAN_FLY", false), grant("CAN_READ", true)}, "CAN_READ (inherited)"},
		"an unknown level":       {[]Grant{grant("CAN_FLY", true)}, "CAN_FLY (inherited)"},
		"unknown levels by name": {[]Grant{grant("CAN_SWIM", true), grant("CAN_FLY", true)}, "CAN_FLY (inherited)"},
	} {
		for range 2 {
			lines, err := csv.NewReader(strings.NewReader(NewMatrix(Review{Grants: c.grants}).CSV())).ReadAll()
			if err != nil || len(lines) != 2 || lines[1][2] != c.want {
				t.Errorf("%s: got %q (%v), want %q", name, lines, err, c.want)
			}
			slices.Reverse(c.grants)
		}
	}
}

// Every format can render an empty review.
func TestMatrix_empty(t *testing.T) {
	t.Parallel()
	m := NewMatrix(Review{})
	if got, want := m.Markdown(), "| Experiment |\n|------------|\n\n*Italic*: inherited.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := m.CSV(), `"experiment","experiment_id"`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if page := pageOf(t, Review{}); !strings.Contains(page, "<p>The review contains no experiments.</p>") {
		t.Errorf("got page %s, want the text for no experiments", page)
	}
}

// A principal with CAN_EDIT and CAN_RUN has both in every format.
func TestMatrix_editAndRun(t *testing.T) {
	t.Parallel()
	r := Review{Grants: runGrants()}
	const table = "" +
		"| Experiment      | `CAN_EDIT`   | `CAN_RUN`                         |\n" +
		"|-----------------|--------------|-----------------------------------|\n" +
		"| `/Projects/run` | group `risk` | *group `risk`*, *group `science`* |\n"
	if got := NewMatrix(r).Markdown(); !strings.HasPrefix(got, table) {
		t.Errorf("got\n%s\nwant\n%s", got, table)
	}
	const line = `"/Projects/run","","CAN_EDIT, CAN_RUN (inherited)","CAN_RUN (inherited)"` + "\n"
	if got := NewMatrix(r).CSV(); !strings.HasSuffix(got, line) {
		t.Errorf("got %s, want %s", got, line)
	}
	page := pageOf(t, r)
	for _, part := range []string{
		`<span class="principal">group risk</span> <b data-level="CAN_EDIT" aria-hidden="true">E</b>` +
			` <i data-level="CAN_RUN" aria-hidden="true">RUN</i>` +
			`<span class="full"> CAN_EDIT, granted directly; CAN_RUN, inherited from /Projects</span>`,
		`<option>CAN_EDIT</option><option>CAN_RUN</option>`,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("page does not contain %q:\n%s", part, page)
		}
	}
	expectSelfContained(t, page)
}
