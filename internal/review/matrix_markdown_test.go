package review

import (
	"regexp"
	"strings"
	"testing"
)

func TestMatrix_Markdown(t *testing.T) {
	t.Parallel()
	const want = "" +
		"| Experiment        | `CAN_MANAGE`        | `CAN_EDIT`                          | `CAN_READ`   |\n" +
		"|-------------------|---------------------|-------------------------------------|--------------|\n" +
		"| `/Projects/alpha` | *group `admins`*    | service principal `deployer (6f1c)` |              |\n" +
		"| `/Projects/churn` | *`ana@example.com`* |                                     | group `risk` |\n" +
		"\n*Italic*: inherited.\n"
	if got := NewMatrix(Review{Grants: exampleGrants()}).Markdown(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r := Review{
		Grants: exampleGrants(), DefaultLevel: "CAN_READ", Experiments: []Experiment{{Name: "/Projects/churn"},
			{ID: "9", Name: "/Projects/zero"}},
		Unreadable: []Unreadable{{Experiment: "/Projects/nb", Reason: "It is\na notebook."}},
	}
	got := NewMatrix(r).Markdown()
	for _, part := range []string{
		"| `/Projects/churn` |", "| `/Projects/zero`  |", "*Italic*: inherited. Every user has at least `CAN_READ` on every experiment.\n",
		"Unreadable experiments:\n\n- `/Projects/nb`: <code>It is␊a notebook.</code>\n",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("table does not contain %q:\n%s", part, got)
		}
	}
	r.DefaultLevel = "NO_PERMISSIONS"
	if got := NewMatrix(r).Markdown(); strings.Contains(got, "at least") {
		t.Errorf("got a default level, want none:\n%s", got)
	}
}

func TestMatrix_hostileMarkdown(t *testing.T) {
	t.Parallel()
	got := NewMatrix(Review{Grants: hostileGrants()}).Markdown()
	table, _, _ := strings.Cut(got, "\n\n")
	lines := strings.Split(table, "\n")
	if len(lines) != 2+len(hostileNames) {
		t.Errorf("got %d lines, want %d", len(lines), 2+len(hostileNames))
	}
	spans := regexp.MustCompile("`[^`|<>\\\\]*`|<code>[^`|<>\\\\]*</code>")
	for _, line := range lines {
		if strings.Count(line, "|") != strings.Count(lines[0], "|") {
			t.Errorf("got more cells than in the header: %q", line)
		}
		if rest := spans.ReplaceAllString(line, ""); strings.ContainsAny(rest, "`<>\\@[{$\"'") {
			t.Errorf("got unescaped characters %q", rest)
		}
	}
	if strings.ContainsAny(got, "\u202e\u200b\u2028\x00\r\t") {
		t.Errorf("got invisible characters in\n%s", got)
	}
}
