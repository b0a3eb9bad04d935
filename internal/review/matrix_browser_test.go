//go:build browser

package review

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shownExperiments returns the names of the experiments that match the filters, including folded ones, and the status text of the page.
func shownExperiments(p *tab) (names []string, status string) {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll("#matrix tbody tr:not(.folder):not([hidden]) > th")]
			.map((th) => th.dataset.search)`),
		eval[string](p, `document.getElementById("shown").textContent`)
}

// visibleRows counts the rows that take up space, including folders.
const visibleRows = `[...document.querySelectorAll("#matrix tbody tr")].filter((tr) => tr.getClientRects().length).length`

// teamGrants returns grants on experiments of five teams: a group can edit, every third experiment has a manager, and admins inherit
// access.
func teamGrants(n int) []Grant {
	var grants []Grant
	for i := range n {
		name, team := fmt.Sprintf("/Projects/team-%d/experiment-%03d", i%5, i), fmt.Sprintf("team-%d", i%5)
		grants = append(grants, grantOf(name, "group", "admins", "CAN_MANAGE", true), grantOf(name, "group", team, "CAN_EDIT", false))
		if i%3 == 0 {
			grants = append(grants, grantOf(name, "user", fmt.Sprintf("user%d@example.com", i%20), "CAN_MANAGE", false))
		}
	}
	return grants
}

// teamReview returns a review of teamGrants with all optional data.
func teamReview(n int) Review {
	r := Review{
		Server: "https://example.com/" + strings.Repeat("long", 40), Caller: "reviewer@example.com", Grants: teamGrants(n),
		DefaultLevel: "CAN_READ",
		Unreadable:   []Unreadable{{Experiment: "/Users/" + strings.Repeat("long", 40), Reason: "PERMISSION_DENIED"}},
	}
	r.Grants = append(r.Grants, grantOf("/Projects/team-0/experiment-000", "user", strings.Repeat("long", 40),
		"CAN_"+strings.Repeat("FLY", 40), true),
		grantOf("/Projects/team-0/experiment-000", "group", "deny", "DENY", false),
		grantOf("/Projects/team-0/experiment-000", "group", "read", "CAN_READ", true),
		grantOf("/Projects/team-0/experiment-000", "group", "run", "CAN_RUN", false),
		grantOf("/Projects/team-0/experiment-000", "group", "use", "USE", false))
	for i, g := range r.Grants {
		r.Experiments = append(r.Experiments, Experiment{
			Name: g.Experiment, Owner: "owner@example.com", LastUpdated: fmt.Sprintf("2026-11-%02dT08:30:00Z", 1+i%25),
		})
	}
	return r
}

func TestBrowser_filters(t *testing.T) {
	const first = "/Projects/team-0/experiment-000"
	b := startBrowser(t)
	for name, c := range map[string]struct {
		experiments int
		fragment    string
		lines       int
		status      string
	}{
		"5, all":                {5, "", 5, ""},
		"5, by experiment":      {5, "#experiment=EXPERIMENT-000", 1, "Filtered: 1 of 5 experiments, 3 of 8 principals."},
		"5, nothing":            {5, "#experiment=none", 0, "Filtered: 0 of 5 experiments, 0 of 8 principals."},
		"5, an anchor":          {5, "#unreadable", 5, ""},
		"300, all":              {300, "", 300, ""},
		"300, by principal":     {300, "#principal=user0@", 5, "Filtered: 5 of 300 experiments, 1 of 26 principals."},
		"300, by kind":          {300, "#principal=user", 100, "Filtered: 100 of 300 experiments, 20 of 26 principals."},
		"300, by level":         {300, "#level=CAN_MANAGE", 300, "Filtered: 300 of 300 experiments, 21 of 26 principals."},
		"300, by level, direct": {300, "#level=CAN_MANAGE&direct=1", 100, "Filtered: 100 of 300 experiments, 20 of 26 principals."},
		"300, all filters": {
			300, "#experiment=team-0&principal=user&level=CAN_EDIT&direct=1", 20, "Filtered: 20 of 300 experiments, 4 of 26 principals.",
		},
	} {
		p := b.open(pageOf(t, Review{Grants: teamGrants(c.experiments)}), c.fragment, 1280)
		names, status := shownExperiments(p)
		if len(names) != c.lines || status != c.status || c.lines > 0 && names[0] != first {
			t.Errorf("%s: got %d rows (%v) and status %q, want %d and %q", name, len(names), names[:min(3, len(names))], status,
				c.lines, c.status)
		}
		// A level is below its principal, regardless of hidden columns. Filters unfold folders, and hide the lists of other principals.
		if wrong := eval[[]string](p, `[...document.querySelectorAll("#matrix tbody .principal")]
			.filter((principal) => principal.closest("td").getClientRects().length)
			.filter((principal) => {
				const at = principal.closest("td").getBoundingClientRect();
				const head = [...document.querySelectorAll("#matrix th.principal")]
					.find((th) => th.dataset.search === principal.textContent).getBoundingClientRect();
				return Math.abs(at.left - head.left) > 1 || Math.abs(at.width - head.width) > 1;
			}).map((principal) => principal.textContent)`); len(wrong) > 0 {
			t.Errorf("%s: got levels in the wrong column: %q", name, wrong[:min(3, len(wrong))])
		}
		columns := eval[int](p, `document.querySelectorAll("#matrix th.principal:not([hidden])").length`)
		if lists := eval[int](p, `document.querySelectorAll("details:not([hidden])").length`); lists != columns {
			t.Errorf("%s: got %d lists, want %d", name, lists, columns)
		}
		if status != "" && eval[int](p, `document.querySelectorAll("#matrix tr.folded").length`) > 0 {
			t.Errorf("%s: got folded rows, want none while a filter is set", name)
		}
	}
}

// A filter for CAN_EDIT includes CAN_RUN, and vice versa.
func TestBrowser_editAndRun(t *testing.T) {
	grants := []Grant{
		grantOf("/edit", "group", "risk", "CAN_EDIT", false), grantOf("/run", "group", "risk", "CAN_RUN", false),
		grantOf("/both", "group", "risk", "CAN_EDIT", false), grantOf("/both", "group", "risk", "CAN_RUN", true),
		grantOf("/read", "group", "risk", "CAN_READ", false), grantOf("/manage", "group", "risk", "CAN_MANAGE", false),
	}
	b := startBrowser(t)
	for level, want := range map[string][]string{
		"CAN_READ": {"/both", "/edit", "/manage", "/read", "/run"}, "CAN_RUN": {"/both", "/edit", "/manage", "/run"},
		"CAN_EDIT": {"/both", "/edit", "/manage", "/run"}, "CAN_MANAGE": {"/manage"},
	} {
		names, _ := shownExperiments(b.open(pageOf(t, Review{Grants: grants}), "#level="+level, 1280))
		if !slices.Equal(names, want) {
			t.Errorf("%s: got %q, want %q", level, names, want)
		}
	}
}

// The page fits the window, sends no requests, and has sufficient contrast.
func TestBrowser_layout(t *testing.T) {
	b := startBrowser(t)
	for _, experiments := range []int{5, 300} {
		page := pageOf(t, teamReview(experiments))
		for _, width := range []int{1280, 390} {
			p := b.open(page, "", width)
			if got := eval[int](p, "document.documentElement.scrollWidth"); got > width {
				t.Errorf("%d experiments: got page width %d, want at most %d", experiments, got, width)
			}
			eval[any](p, `document.querySelectorAll("details").forEach((details) => { details.open = true; })`)
			if got := eval[int](p, "document.documentElement.scrollWidth"); got > width {
				t.Errorf("%d experiments, lists open: got page width %d, want at most %d", experiments, got, width)
			}
			for _, scheme := range []string{"light", "dark"} {
				p.media("", scheme)
				if pale := eval[[]string](p, paleText); len(pale) > 0 {
					t.Errorf("%d experiments, width %d, %s: got low contrast in %q", experiments, width, scheme, pale)
				}
			}
			if c := p.consoleErrors(); len(c) > 0 {
				t.Errorf("%d experiments, width %d: got %q in the console, want nothing", experiments, width, c)
			}
		}
	}
}

// paleText returns texts with a contrast of less than 4.5:1, the minimum of WCAG 2 level AA.
const paleText = `(() => {
	const rgb = (color) => color.match(/[\d.]+/g).map(Number);
	const luminance = (color) => {
		const [r, g, b] = color.map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground = (element) => {
		for (; element; element = element.parentElement) {
			const color = rgb(getComputedStyle(element).backgroundColor);
			if (color.length < 4 || color[3] > 0) return color.slice(0, 3);
		}
		return [255, 255, 255];
	};
	const pale = new Set();
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) {
		const element = texts.currentNode.parentElement;
		if (!texts.currentNode.data.trim() || !element.getClientRects().length) continue;
		const [a, b] = [luminance(rgb(getComputedStyle(element).color).slice(0, 3)), luminance(ground(element))];
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (contrast < 4.5) pale.add(element.outerHTML.slice(0, 80) + " " + contrast.toFixed(2));
	}
	return [...pale].slice(0, 5);
})()`

// Folders can be folded with the keyboard, and printing unfolds every row and list.
func TestBrowser_folds(t *testing.T) {
	b := startBrowser(t)
	for experiments, rows := range map[int]int{20: 26, 300: 6} { // a large table begins folded
		p := b.open(pageOf(t, teamReview(experiments)), "", 1280)
		if got := eval[int](p, visibleRows); got != rows {
			t.Errorf("%d experiments: got %d visible rows, want %d", experiments, got, rows)
		}
		eval[any](p, `document.querySelector("#matrix button.name").focus()`)
		for _, c := range []struct {
			key, expanded string
			rows          int
		}{{"Enter", "false", 1}, {" ", "true", rows}, {" ", "false", 1}} {
			p.press(c.key)
			got, expanded := eval[int](p, visibleRows), eval[string](p, `document.activeElement.getAttribute("aria-expanded")`)
			if got != c.rows || expanded != c.expanded {
				t.Errorf("%d experiments, key %q: got %d visible rows and aria-expanded %q, want %d and %q", experiments, c.key, got,
					expanded, c.rows, c.expanded)
			}
		}
		if eval[string](p, `getComputedStyle(document.activeElement).outlineStyle`) != "solid" {
			t.Error("got an invisible focus, want a solid outline")
		}
		eval[any](p, `document.getElementById("unfold").click()`)
		if got := eval[int](p, visibleRows); got != experiments+6 {
			t.Errorf("%d experiments, all unfolded: got %d visible rows, want %d", experiments, got, experiments+6)
		}
		eval[any](p, `document.getElementById("fold").click()`)
		expectPrint(p, experiments+6)
	}
}

// expectPrint checks that all rows, the lists, and the sign-off are printed.
func expectPrint(p *tab, rows int) {
	p.t.Helper()
	p.media("print", "light")
	if got := eval[int](p, visibleRows); got != rows {
		p.t.Errorf("got %d printed rows, want %d", got, rows)
	}
	if eval[bool](p, `[...document.querySelectorAll("details tr, #sign-off dd")]
		.some((e) => !e.checkVisibility({ contentVisibilityAuto: true }))`) {
		p.t.Error("got a list or a sign-off that is not printed")
	}
	if eval[bool](p, `document.getElementById("filter").getClientRects().length > 0`) {
		p.t.Error("got a printed filter form, want none")
	}
	if eval[bool](p, `[...document.querySelectorAll("button.name")].some((b) => getComputedStyle(b, "::before").content !== "none")`) {
		p.t.Error("got a printed fold marker, want none")
	}
	if data := p.pdf(); !strings.HasPrefix(string(data), "%PDF-") {
		p.t.Errorf("got %q, want a PDF", data[:min(20, len(data))])
	}
	p.media("", "light")
}

// Names of experiments and principals are text everywhere on the page.
func TestBrowser_hostile(t *testing.T) {
	const harm = `document.documentElement.setAttribute("owned","1")`
	const owned = `document.documentElement.hasAttribute("owned")`
	names := append(slices.Clone(hostileNames), "<script>"+harm+"</script>", "</script><script>"+harm+"</script>",
		`"><img src=x onerror='`+harm+`'>`, "'><svg onload="+strings.ReplaceAll(harm, `"`, "`")+">",
		`" onmouseover="`+harm+`" autofocus onfocus="`+harm,
		"</title><script>"+harm+"</script>", "</style><script>"+harm+"</script>")
	page := hostilePage(t, names)
	b := startBrowser(t)
	p := b.open(page, "#experiment=bold", 1280)
	if eval[bool](p, owned) {
		t.Error("the browser ran a name as a script")
	}
	if shown, status := shownExperiments(p); !slices.Equal(shown, []string{"*bold*"}) || !strings.HasPrefix(status, "Filtered: 1 of ") {
		t.Errorf("got experiments %q and status %q, want *bold* and the status of the filter", shown, status)
	}
	// The names must be safe without the content security policy, too.
	open := regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllString(page, "")
	if open == page || eval[bool](b.open(open, "", 1280), owned) {
		t.Error("without the content security policy, the browser ran a name as a script")
	}
	control := strings.Replace(open, "</body>", "<script>"+harm+"</script></body>", 1)
	if !eval[bool](b.open(control, "", 1280), owned) {
		t.Error("the test does not detect a script that runs")
	}
	if eval[bool](b.open(strings.Replace(page, "</body>", "<script>"+harm+"</script></body>", 1), "", 1280), owned) {
		t.Error("the content security policy allowed another script")
	}
}

// hostilePage returns a page with names in every text.
func hostilePage(t *testing.T, names []string) string {
	t.Helper()
	r := Review{DefaultLevel: names[0], Server: names[1], Workspace: names[len(names)-1], Caller: names[len(names)-2]}
	for i, name := range names {
		r.Grants = append(r.Grants, Grant{
			Experiment: name, Kind: name, Principal: names[len(names)-1-i], DisplayName: name, Level: name, Inherited: true,
			InheritedFrom: name,
		})
		r.Experiments = append(r.Experiments, Experiment{Name: name, Owner: name, LastUpdated: name})
		r.Unreadable = append(r.Unreadable, Unreadable{Experiment: name, Reason: name})
	}
	last := names[len(names)-1]
	page, err := NewMatrix(r).HTML(PageOptions{Title: names[len(names)-2], AsOf: last, Scope: names[len(names)-3], Server: last})
	if err != nil {
		t.Fatal(err)
	}
	return page
}
