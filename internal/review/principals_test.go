package review

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestSelectPrincipals(t *testing.T) {
	t.Parallel()
	// Users compare case-insensitively, as on Databricks.
	key := func(kind, name string) string {
		if kind == KindUser {
			name = strings.ToLower(name)
		}
		return kind + " " + name
	}
	members := map[string][]string{"risk": {"ana", "ben"}, "data": {"carl"}, "empty": nil}
	for name, c := range map[string]struct {
		names []string
		want  []string
	}{
		"a member":  {[]string{"Ana"}, []string{"group Ana", "group risk", "service_principal Ana", "user ana"}},
		"no member": {[]string{"eve"}, []string{"group eve", "service_principal eve", "user eve"}},
		"a group":   {[]string{"risk"}, []string{"group risk", "service_principal risk", "user risk"}},
		"several": {[]string{"ben", "carl"}, []string{
			"group ben", "group carl", "group data", "group risk", "service_principal ben", "service_principal carl", "user ben",
			"user carl",
		}},
		"the empty name": {[]string{""}, []string{"group ", "service_principal ", "user "}},
	} {
		selected := SelectPrincipals(c.names, members, key)
		if got := slices.Sorted(maps.Keys(selected)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got := SelectPrincipals(nil, members, key); got != nil {
		t.Errorf("no names: got %v, want nil", got)
	}
}
