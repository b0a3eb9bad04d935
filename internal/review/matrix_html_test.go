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
		Grants: someGrants(), DefaultLevel: "CAN_READ", Unreadable: []Unreadable{{Experiment: "/Projects/nb", Reason: "It is a notebook."}},
	})
	for _, part := range []string{
		"<title>Who may do what: 2 experiments, 4 principals</title>", "<dt><bdi>/Projects/nb</bdi></dt><dd><bdi>It is a notebook.</bdi></dd>",
		`title="service principal deployer (6f1c)"`, "Every user has at least <b>CAN_READ</b> on every experiment.",
		`<tr><th scope="row" data-find="/Projects/churn"><bdi><span>/Projects/</span><b>churn</b></bdi></th><td></td>` +
			`<td><span class="level level-R" data-level="CAN_READ" ` +
			"title=\"group risk\nCAN_READ, granted directly\nCAN_READ, inherited from /directories/7\">R</span></td>" +
			`<td class="first"><span class="level level-M inherited" data-level="CAN_MANAGE" title="user ana@example.com` +
			"\nCAN_EDIT, granted directly\nCAN_MANAGE, inherited from /Projects\">M</span></td>",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
	expectSelfContained(t, page)
}

// expectSelfContained checks that a page asks for nothing, and that its one script is the one that it allows.
func expectSelfContained(t *testing.T, page string) {
	t.Helper()
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(page, -1) {
		tag = regexp.MustCompile(`(title|data-find|data-level)="[^"]*"`).ReplaceAllString(tag, "") // they hold names
		if m := regexp.MustCompile(`(?i)^<(link|iframe|img|object|embed|base)\b|\b(src|on\w+)=|href="[^#]`).FindString(tag); m != "" {
			t.Errorf("the page asks for something, or runs it: %s in %s", m, tag)
		}
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindString(page)
	if style == "" || strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Errorf("the style asks for something: %s", style)
	}
	scripts := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(page, -1)
	if len(scripts) != 1 {
		t.Fatalf("there are %d scripts", len(scripts))
	}
	hash := sha256.Sum256([]byte(scripts[0][1]))
	policy := "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	found := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if found == nil || html.UnescapeString(found[1]) != policy {
		t.Errorf("the policy is %q, want %q", found, policy)
	}
}

func TestMatrix_hostileHTML(t *testing.T) {
	t.Parallel()
	page := pageOf(t, Review{Grants: hostileGrants()})
	expectSelfContained(t, page)
	if n := strings.Count(page, "<tr>"); n != 1+len(hostile) {
		t.Errorf("there are %d lines", n)
	}
	for _, name := range hostile[:20] {
		if strings.ContainsAny(name, "<\"") && strings.Contains(page, name) {
			t.Errorf("%q stands in the page as it is", name)
		}
	}
}
