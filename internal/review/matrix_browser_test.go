//go:build browser

package review

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// browserVariable holds the path of a Chromium. `make test-browser` sets it.
const browserVariable = "TEST_BROWSER"

// browse opens a page in a browser, and gives what has become of it.
func browse(t *testing.T, page, fragment string) string {
	t.Helper()
	browser := os.Getenv(browserVariable)
	if browser == "" {
		t.Fatalf("%s is not set: run this test with `make test-browser`", browserVariable)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=5000", "--dump-dom", "file://"+file+fragment)
	var says strings.Builder
	command.Stderr = &says
	dom, err := command.Output()
	if err != nil || !strings.Contains(string(dom), "</html>") {
		t.Fatalf("the browser ended with %v and shows %q\n%s", err, dom, says.String())
	}
	return string(dom)
}

var (
	lineOfPage  = regexp.MustCompile(`<tr( hidden="")?><th scope="row" data-find="([^"]*)"`)
	shownOfPage = regexp.MustCompile(`<p id="shown" role="status">([^<]*)</p>`)
)

// shownLines gives the names of the lines that can be seen, and what the page says about them.
func shownLines(t *testing.T, dom string) (names []string, says string) {
	t.Helper()
	for _, m := range lineOfPage.FindAllStringSubmatch(dom, -1) {
		if m[1] == "" {
			names = append(names, m[2])
		}
	}
	m := shownOfPage.FindStringSubmatch(dom)
	if m == nil {
		t.Fatalf("the page says nothing:\n%s", dom)
	}
	return names, m[1]
}

// teamGrants are grants on experiments of five teams: a group may edit, every third experiment has a manager, and admins inherit.
func teamGrants(n int) []Grant {
	var grants []Grant
	for i := range n {
		name, team := fmt.Sprintf("/Projects/team-%d/experiment-%03d", i%5, i), fmt.Sprintf("team-%d", i%5)
		grants = append(grants, grantOf(name, "group", "admins", "CAN_MANAGE", true), grantOf(name, "group", team, "CAN_EDIT", false))
		if i%3 == 0 {
			grants = append(grants, grantOf(name, "user", fmt.Sprintf("person%d@example.com", i%20), "CAN_MANAGE", false))
		}
	}
	return grants
}

func TestBrowser_filters(t *testing.T) {
	const first = "/Projects/team-0/experiment-000"
	for name, c := range map[string]struct {
		experiments int
		fragment    string
		lines       int
		says        string
	}{
		"5, all":                {5, "", 5, ""},
		"5, by experiment":      {5, "#experiment=EXPERIMENT-000", 1, "Filtered: 1 of 5 experiments, 3 of 8 principals."},
		"5, nothing":            {5, "#experiment=none", 0, "Filtered: 0 of 5 experiments, 0 of 8 principals."},
		"5, an anchor":          {5, "#unreadable", 5, ""},
		"300, all":              {300, "", 300, ""},
		"300, by principal":     {300, "#principal=person0@", 5, "Filtered: 5 of 300 experiments, 1 of 26 principals."},
		"300, by kind":          {300, "#principal=user", 100, "Filtered: 100 of 300 experiments, 20 of 26 principals."},
		"300, by level":         {300, "#level=CAN_MANAGE", 300, "Filtered: 300 of 300 experiments, 21 of 26 principals."},
		"300, by level, direct": {300, "#level=CAN_MANAGE&direct=1", 100, "Filtered: 100 of 300 experiments, 20 of 26 principals."},
		"300, everything at once": {
			300, "#experiment=team-0&principal=user&level=CAN_EDIT&direct=1", 20, "Filtered: 20 of 300 experiments, 4 of 26 principals.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			names, says := shownLines(t, browse(t, pageOf(t, Review{Grants: teamGrants(c.experiments)}), c.fragment))
			if len(names) != c.lines || says != c.says || c.lines > 0 && names[0] != first {
				t.Errorf("the page shows %d lines (%v) and says %q, want %d and %q", len(names), names[:min(3, len(names))], says, c.lines, c.says)
			}
		})
	}
}

// Neither of CAN_EDIT and CAN_RUN is left out for the other one.
func TestBrowser_editAndRun(t *testing.T) {
	grants := []Grant{
		grantOf("/edit", "group", "risk", "CAN_EDIT", false), grantOf("/run", "group", "risk", "CAN_RUN", false),
		grantOf("/both", "group", "risk", "CAN_EDIT", false), grantOf("/both", "group", "risk", "CAN_RUN", true),
		grantOf("/read", "group", "risk", "CAN_READ", false), grantOf("/manage", "group", "risk", "CAN_MANAGE", false),
	}
	for level, want := range map[string][]string{
		"CAN_READ": {"/both", "/edit", "/manage", "/read", "/run"}, "CAN_RUN": {"/both", "/edit", "/manage", "/run"},
		"CAN_EDIT": {"/both", "/edit", "/manage", "/run"}, "CAN_MANAGE": {"/manage"},
	} {
		names, _ := shownLines(t, browse(t, pageOf(t, Review{Grants: grants}), "#level="+level))
		if !slices.Equal(names, want) {
			t.Errorf("at least %s shows %q, want %q", level, names, want)
		}
	}
}

// What somebody calls an experiment or themselves is text, wherever it stands.
func TestBrowser_hostile(t *testing.T) {
	const harm = `document.documentElement.setAttribute("owned","1")`
	names := append(slices.Clone(hostile), "<script>"+harm+"</script>", "</script><script>"+harm+"</script>",
		`"><img src=x onerror='`+harm+`'>`, "'><svg onload="+strings.ReplaceAll(harm, `"`, "`")+">",
		`" onmouseover="`+harm+`" autofocus onfocus="`+harm,
		"</title><script>"+harm+"</script>", "</style><script>"+harm+"</script>")
	r := Review{DefaultLevel: names[0]}
	for i, name := range names {
		r.Grants = append(r.Grants, Grant{
			Experiment: name, Kind: name, Principal: names[len(names)-1-i], DisplayName: name, Level: name, Inherited: true, InheritedFrom: name,
		})
		r.Unreadable = append(r.Unreadable, Unreadable{Experiment: name, Reason: name})
	}
	page := pageOf(t, r)
	dom := browse(t, page, "#experiment=bold")
	if strings.Contains(dom, `owned="1"`) {
		t.Error("a name was run as a script")
	}
	if shown, says := shownLines(t, dom); !slices.Equal(shown, []string{"*bold*"}) || !strings.HasPrefix(says, "Filtered: 1 of ") {
		t.Errorf("the page shows %q and says %q", shown, says)
	}
	// Without the policy the names must be harmless too.
	open := regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllString(page, "")
	if open == page || strings.Contains(browse(t, open, ""), `owned="1"`) {
		t.Error("a name is kept from running by the page's policy alone")
	}
	control := strings.Replace(open, "</body>", "<script>"+harm+"</script></body>", 1)
	if !strings.Contains(browse(t, control, ""), `owned="1"`) {
		t.Error("this test would not see a script that runs")
	}
	if strings.Contains(browse(t, strings.Replace(page, "</body>", "<script>"+harm+"</script></body>", 1), ""), `owned="1"`) {
		t.Error("the page's policy lets other scripts run")
	}
}
