package review

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"strings"
	"testing"
)

func TestMatrix_HTML(t *testing.T) {
	t.Parallel()
	page := pageOf(t, Review{
		Grants: exampleGrants(), DefaultLevel: "CAN_READ", Unreadable: []Unreadable{{Experiment: "/Projects/nb",
			Reason: "It is a notebook."}},
	})
	for _, part := range []string{
		"<title>Permission review: 2 experiments, 4 principals</title>",
		"<dt><bdi>/Projects/nb</bdi></dt><dd><bdi>It is a notebook.</bdi></dd>",
		`title="service principal deployer (6f1c)"`, "Every user has at least <b>CAN_READ</b> on every experiment.",
		`<tr data-depth="0" style="--depth:0" class="folder"><th scope="row" data-search="/Projects/">` +
			`<span class="name"><bdi>/Projects/</bdi></span> <small>2 experiments</small></th>` +
			`<td class="differs"><span class="principal">group admins</span> <s class="mixed" aria-hidden="true">…</s>` +
			`<span class="full"> CAN_MANAGE on 1 of 2 experiments</span>`,
		`<tr data-depth="1" style="--depth:1"><th scope="row" data-search="/Projects/churn"><bdi class="name">churn</bdi></th><td>` +
			`<td><span class="principal">group risk</span> <b data-level="CAN_READ" aria-hidden="true">R</b>` +
			`<span class="full"> CAN_READ, granted directly; CAN_READ, inherited from /directories/7</span>` +
			`<td><span class="principal">user ana@example.com</span> <i data-level="CAN_MANAGE" aria-hidden="true">M</i>` +
			`<span class="full"> CAN_EDIT, granted directly; CAN_MANAGE, inherited from /Projects</span><td>`,
		`<details><summary><span>service principal</span> <bdi>deployer</bdi> <small>1 experiment</small></summary>`,
		`<tr><th scope="row"><bdi>/Projects/alpha</bdi></th><td><b data-level="CAN_EDIT" aria-hidden="true">E</b></td>` +
			`<td><bdi>CAN_EDIT, granted directly</bdi></td></tr>`,
		`<li><b>4</b> principals: 2 <bdi>groups</bdi>, 1 <bdi>user</bdi>, 1 <bdi>service principal</bdi></li>`,
		`<li><b>3</b> direct grants</li>`, `<li><b>3</b> inherited grants</li>`, `<b>1</b> unreadable</a>`,
		`<h2 id="to-sign">Sign-off</h2>`,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("page does not contain %q:\n%s", part, page)
		}
	}
	expectSelfContained(t, page)
}

func TestMatrix_HTML_one(t *testing.T) {
	t.Parallel()
	page := pageOf(t, Review{Grants: []Grant{grantOf("/e", KindUser, "ana", "CAN_READ", false)}})
	for _, part := range []string{
		"<title>Permission review: 1 experiment, 1 principal</title>", "<li><b>1</b> experiment</li>",
		"<li><b>1</b> principal: 1 <bdi>user</bdi></li>",
		"<li><b>1</b> direct grant</li>", "<li><b>0</b> inherited grants</li>",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("page does not contain %q:\n%s", part, page)
		}
	}
}

// expectSelfContained checks that a page loads nothing, and that its only script is the one that its policy allows.
func expectSelfContained(t *testing.T, page string) {
	t.Helper()
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(page, -1) {
		tag = regexp.MustCompile(`(title|data-search|data-level|aria-label)="[^"]*"`).ReplaceAllString(tag, "") // these contain names
		if m := regexp.MustCompile(`(?i)^<(link|iframe|img|object|embed|base)\b|\b(src|on\w+)=|href="[^#]`).FindString(tag); m != "" {
			t.Errorf("got %s in %s, want a page that loads nothing and has no event handler", m, tag)
		}
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindString(page)
	if style == "" || strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Errorf("got style %s, want one that loads nothing", style)
	}
	scripts := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	if len(scripts) != 1 {
		t.Fatalf("got %d scripts, want 1", len(scripts))
	}
	hash := sha256.Sum256([]byte(scripts[0][1]))
	policy := "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	found := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if found == nil || html.UnescapeString(found[1]) != policy {
		t.Errorf("got policy %q, want %q", found, policy)
	}
}

func TestMatrix_hostileHTML(t *testing.T) {
	t.Parallel()
	page := pageOf(t, Review{Grants: hostileGrants()})
	expectSelfContained(t, page)
	if n := len(regexp.MustCompile(`<tr data-depth="\d+" style="--depth:\d+"><th`).FindAllString(page, -1)); n != len(hostileNames) {
		t.Errorf("got %d rows, want %d", n, len(hostileNames))
	}
	for _, name := range hostileNames[:20] {
		if strings.ContainsAny(name, "<\"") && strings.Contains(page, name) {
			t.Errorf("page contains %q unescaped", name)
		}
	}
}

// The page shows facts from the options and the review. Options take precedence, and empty facts are omitted.
func TestMatrix_pageOptions(t *testing.T) {
	t.Parallel()
	m := NewMatrix(Review{Server: "https://review", Workspace: "risk", Caller: "ana", Experiments: []Experiment{
		{Name: "a", Owner: "ben", LastUpdated: "2026-11-25T23:30:00-02:00"}, {Name: "b", LastUpdated: "lately"},
	}})
	for name, c := range map[string]struct {
		options    PageOptions
		has, lacks []string
	}{
		"none": {
			PageOptions{},
			[]string{
				"<h1><bdi>Permission review</bdi></h1>", "<dt>Server</dt><dd><bdi>https://review</bdi>",
				"<dt>MLflow workspace</dt><dd><bdi>risk</bdi>",
				"<dt>Permissions read by</dt><dd><bdi>ana</bdi>", `<span class="label">Owner </span><bdi>ben</bdi>`,
				`<span class="label">Last updated </span><bdi>2026-11-26</bdi>`, `<bdi>lately</bdi>`, "<li><b>0</b> unreadable</li>",
			},
			[]string{"<dt>As of", "<dt>Scope", `class="folder"`},
		},
		"all": {
			PageOptions{Title: "Q4 <b>", AsOf: "2026-11-26", Scope: "/Projects & below", Server: "https://option"},
			[]string{
				"<title>Q4 &lt;b&gt;: 2 experiments, 0 principals</title>", "<h1><bdi>Q4 &lt;b&gt;</bdi></h1>",
				"<dt>As of</dt><dd><bdi>2026-11-26</bdi>",
				"<dt>Scope</dt><dd><bdi>/Projects &amp; below</bdi>", "<dt>Server</dt><dd><bdi>https://option</bdi>",
			},
			[]string{"https://review", "Permission review"},
		},
	} {
		page, err := m.HTML(c.options)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range c.has {
			if !strings.Contains(page, part) {
				t.Errorf("%s: page does not contain %q:\n%s", name, part, page)
			}
		}
		for _, part := range c.lacks {
			if strings.Contains(page, part) {
				t.Errorf("%s: page contains %q", name, part)
			}
		}
	}
}
