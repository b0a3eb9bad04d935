package review

import (
	"fmt"
	"strings"
	"testing"
)

func TestChanges_Markdown(t *testing.T) {
	t.Parallel()
	on := func(kind, name, level string) Grant {
		return Grant{Experiment: "/a", ExperimentID: "1", Kind: kind, Principal: name, Level: level}
	}
	listed := []Experiment{{ID: "1", Name: "/a"}}
	for name, c := range map[string]struct {
		before, after Review
		changed       bool
		want          []string
	}{
		"nothing": {Review{Server: "https://a"}, Review{}, false, []string{"No changes.\n"}},
		"added and raised": {
			Review{Experiments: listed, Grants: []Grant{on(KindUser, "ana", "CAN_READ")}},
			Review{Experiments: listed, Grants: []Grant{on(KindUser, "ana", "CAN_EDIT"), on(KindGroup, "a|b", "CAN_READ")}},
			true, []string{
				"Changes: 1 added, 1 raised.\n", "| added  | `/a`       | group <code>a&#124;b</code> | –          | `CAN_READ` |\n",
				"| raised | `/a`       | `ana`                       | `CAN_READ` | `CAN_EDIT` |\n",
			},
		},
		"renamed": {Review{Experiments: listed}, Review{Experiments: []Experiment{{ID: "1", Name: "/b"}}}, true,
			[]string{"Changes: 1 experiment renamed.\n"}},
		"unreadable": {
			Review{Experiments: listed}, Review{Unreadable: []Unreadable{{ExperimentID: "1", Experiment: "/a"}}}, true,
			[]string{"Changes: 1 experiment newly unreadable.\n"},
		},
		"default level": {Review{DefaultLevel: "CAN_READ"}, Review{}, true, []string{"Default level: `CAN_READ` before, – after.\n"}},
		"a workspace ID that only one of the reviews has": {
			Review{Server: "https://a"}, Review{Server: "https://a/?w=1"}, false, []string{"No changes.\n"},
		},
		"the default workspace": {
			Review{Server: "https://a"}, Review{Server: "https://a", Workspace: "default"}, false, []string{"No changes.\n"},
		},
		"workspace IDs": {
			Review{Server: "https://a/?w=1"}, Review{Server: "https://a/?w=2"}, true,
			[]string{"different servers: `https://a/?w=1` and `https://a/?w=2`."},
		},
		"other servers, one with a workspace ID": {
			Review{Server: "https://a/?w=1"}, Review{Server: "https://b"}, true,
			[]string{"different servers: `https://a/?w=1` and `https://b`."},
		},
		"servers": {
			Review{Server: "https://a", Workspace: "x"}, Review{Server: "https://a", Workspace: "y"}, true,
			[]string{"different servers: `https://a, workspace x` and `https://a, workspace y`."},
		},
	} {
		changes := Diff(c.before, c.after)
		text := changes.Markdown()
		for _, want := range c.want {
			if changes.Any() != c.changed || !strings.Contains(text, want) {
				t.Errorf("%s: got changes: %t, summary\n%s\nwant\n%s", name, changes.Any(), text, want)
			}
		}
	}
}

// TestChanges_Markdown_many checks that the number of listed changes is limited.
func TestChanges_Markdown_many(t *testing.T) {
	t.Parallel()
	var after Review
	for i := range maxSummaryRows + 3 {
		after.Grants = append(after.Grants, Grant{Experiment: "/a", Kind: KindUser, Principal: fmt.Sprint("u", i), Level: "CAN_READ"})
	}
	text := Diff(Review{Experiments: []Experiment{{Name: "/a"}}}, after).Markdown()
	if n := strings.Count(text, "\n| added"); n != maxSummaryRows || !strings.Contains(text, "\nNot listed: 3 more changes.\n") {
		t.Errorf("got %d listed changes, want %d:\n%s", n, maxSummaryRows, text)
	}
}
