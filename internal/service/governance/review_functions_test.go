package governance

import (
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// principalsOf returns the result of the data source mlflow_principals for one group and its members.
func principalsOf(group string, users ...string) map[string]any {
	members, principals := []any{}, []any{map[string]any{"kind": "group", "name": group, "exists": true}}
	for _, user := range users {
		members = append(members, map[string]any{"group": group, "kind": "user", "name": user, "via": []any{}})
	}
	return map[string]any{"principals": principals, "members": members, "everybody": []any{}, "incomplete": []any{}}
}

// at returns a value in nested objects and lists.
func at(value any, path ...any) any {
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[fmt.Sprint(step)]
		case []any:
			i, _ := step.(int)
			if i >= len(v) {
				return nil
			}
			value = v[i]
		}
	}
	return value
}

func TestEffectiveAccess(t *testing.T) {
	t.Parallel()
	r := []any{
		matrixGrantOf("/a", "group", "risk", "CAN_EDIT", true, "experiment_id", "1", "inherited_from_path", "/"),
		matrixGrantOf("/a", "user", "ana", "CAN_READ", false, "experiment_id", "1", "display_name", "Ana"),
	}
	line := func(name string, shown any, paths string) map[string]any {
		return map[string]any{
			"experiment_id": "1", "experiment_name": "/a", "kind": "user", "principal": name, "display_name": shown, "level": "CAN_EDIT",
			"groups": []any{"risk"}, "ways": paths,
		}
	}
	const inherited = "CAN_EDIT through risk, inherited from /"
	want := []any{line("ana", "Ana", inherited+"; CAN_READ directly"), line("ben", nil, inherited)}
	if got := mustCall(t, "effective_access", r, principalsOf("risk", "ana", "ben")); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	for name, principals := range map[string]map[string]any{
		"unknown members": {"principals": []any{}}, "everybody": {"principals": []any{}, "everybody": []any{"risk"}},
		"incomplete": {"members": []any{}, "incomplete": []any{map[string]any{"kind": "group", "name": "risk", "reason": "x"}}},
	} {
		got := mustCall(t, "effective_access", r[:1], principals)
		if at(got, 0, "kind") != "group" || at(got, 0, "principal") != "risk" || at(got, 1) != nil {
			t.Errorf("%s: got %v, want one element for the group risk", name, got)
		}
	}
}

// `groups` contains each group once, in the order of the access paths. Paths that differ only in their nested groups have different texts.
func TestEffectiveAccess_groups(t *testing.T) {
	t.Parallel()
	r := []any{
		matrixGrantOf("/a", "group", "all", "CAN_READ", false), matrixGrantOf("/a", "group", "all", "CAN_EDIT", true, "inherited_from_path", "/"),
		matrixGrantOf("/a", "group", "risk", "CAN_MANAGE", false), matrixGrantOf("/a", "user", "eve", "CAN_READ", false),
		matrixGrantOf("/a", "group", "owners", "CAN_MANAGE", true, "inherited_from", []any{"workspace"}),
		matrixGrantOf("/a", "user", "root", "CAN_MANAGE", true, "inherited_from", []any{"admin"}),
	}
	member := func(group, name string, via ...any) any {
		return map[string]any{"group": group, "kind": "user", "name": name, "via": append([]any{}, via...)}
	}
	p := map[string]any{"members": []any{
		member("risk", "ana"), member("all", "ana", "risk"), member("all", "ben", "ops", "night"), member("all", "cleo"),
		member("owners", "dora"),
	}}
	want := map[string][2]any{
		"ana":  {[]any{"risk", "all"}, "CAN_MANAGE through risk; CAN_EDIT through all > risk, inherited from /; CAN_READ through all > risk"},
		"ben":  {[]any{"all"}, "CAN_EDIT through all > ops > night, inherited from /; CAN_READ through all > ops > night"},
		"cleo": {[]any{"all"}, "CAN_EDIT through all, inherited from /; CAN_READ through all"},
		"dora": {[]any{"owners"}, "CAN_MANAGE as a manager of the MLflow workspace through owners"},
		"eve":  {[]any{}, "CAN_READ directly"},
		"root": {[]any{}, "CAN_MANAGE as a server admin"},
	}
	lines, _ := mustCall(t, "effective_access", r, p).([]any)
	if len(lines) != len(want) {
		t.Errorf("got %d elements, want %d", len(lines), len(want))
	}
	for i := range lines {
		name, _ := at(lines, i, "principal").(string)
		if got := [2]any{at(lines, i, "groups"), at(lines, i, "ways")}; !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s: got %v, want %v", name, got, want[name])
		}
	}
}

func TestReviewSnapshot(t *testing.T) {
	t.Parallel()
	a, b := matrixGrantOf("/a", "user", "ana", "CAN_READ", false), matrixGrantOf("/a", "group", "risk", "CAN_EDIT", false)
	text, _ := mustCall(t, "review_snapshot", []any{a, b}).(string)
	other := mustCall(t, "review_snapshot", map[string]any{"grants": []any{b, a}, "caller": "admin", "experiments": []any{
		map[string]any{
			"id": nil, "name": "/a", "owner": "ana", "tags": map[string]any{"team": "risk", "empty": nil},
			"last_update_time": "2026-11-26T04:00:00.000Z",
		},
	}})
	if text != other || !strings.HasSuffix(text, "}\n") {
		t.Errorf("got snapshots\n%s\nand\n%v\nwant equal ones", text, other)
	}
}

func TestReviewDiff(t *testing.T) {
	t.Parallel()
	grant := func(name, principal, level string) any {
		return matrixGrantOf(name, "user", principal, level, false, "experiment_id", "1")
	}
	experiment := func(id, name string) any { return map[string]any{"id": id, "name": name} }
	before := map[string]any{
		"server": "https://a", "grants": []any{grant("/a", "ana", "CAN_READ"), grant("/a", "ben", "CAN_EDIT"), grant("/a", "carl", "CAN_EDIT")},
		"experiments": []any{experiment("1", "/a"), experiment("2", "/gone"), experiment("3", "/hidden")},
	}
	after := map[string]any{
		"server": "https://a", "grants": []any{grant("/b", "ana", "CAN_EDIT"), grant("/b", "dora", "CAN_READ"), grant("/b", "carl", "CAN_RUN")},
		"experiments": []any{experiment("1", "/b"), experiment("4", "/new")}, "default_level": "CAN_READ",
		"unreadable": []any{map[string]any{"experiment_id": "3", "experiment_name": "/hidden", "reason": "no access"}},
	}
	snapshot := mustCall(t, "review_snapshot", before)
	for name, earlier := range map[string]any{"reviews": before, "snapshot": snapshot} {
		got := mustCall(t, "review_diff", earlier, after)
		for want, path := range map[string][]any{
			"ana CAN_READ CAN_EDIT": {"raised"}, "ben CAN_EDIT <nil>": {"removed"}, "dora <nil> CAN_READ": {"added"},
			"carl CAN_EDIT CAN_RUN": {"other_level"},
		} {
			change := at(got, append(path, 0)...)
			text := fmt.Sprint(at(change, "principal"), " ", at(change, "before"), " ", at(change, "after"))
			if text != want || at(change, "experiment_name") != "/b" {
				t.Errorf("%s, %s: got %v, want %s", name, path, change, want)
			}
		}
		for list, want := range map[string]string{
			"renamed":          "map[after:/b before:/a experiment_id:1]",
			"newly_unreadable": "map[experiment_id:3 experiment_name:/hidden reason:no access]",
			"newly_listed":     "map[experiment_id:4 experiment_name:/new]", "no_longer_listed": "map[experiment_id:2 experiment_name:/gone]",
		} {
			if text := fmt.Sprint(at(got, list, 0)); text != want {
				t.Errorf("%s, %s: got %s, want %s", name, list, text, want)
			}
		}
		const summary = "Changes: 1 added, 1 raised, 1 with a different level, 1 removed, 1 experiment renamed"
		if at(got, "changed") != true || at(got, "default_level_before") != nil || at(got, "default_level_after") != "CAN_READ" ||
			!strings.HasPrefix(fmt.Sprint(at(got, "summary")), summary) {
			t.Errorf("%s: got %v, want the default levels and the summary of the changes", name, got)
		}
		if same := mustCall(t, "review_diff", earlier, before); at(same, "changed") != false || at(same, "summary") != "No changes.\n" {
			t.Errorf("%s: got changes %v between a review and itself, want none", name, same)
		}
	}
}

func withoutHeader(table string) string {
	_, lines, _ := strings.Cut(table, "\n")
	return lines
}

// review_decisions reads the lines that permission_matrix writes.
func TestReviewDecisions_lines(t *testing.T) {
	t.Parallel()
	r := []any{
		matrixGrantOf("/a", "user", "ana", "CAN_READ", false), matrixGrantOf("/a", "user", "ben", "CAN_EDIT", false),
		matrixGrantOf("/a", "user", "=carl", "CAN_EDIT", true, "inherited_from", []any{"/directories/1"}),
		matrixGrantOf("/b", "user", "ana", "CAN_READ", false),
	}
	records, err := csv.NewReader(strings.NewReader(mustMatrix(t, r, "lines"))).ReadAll()
	if err != nil || len(records) != 5 {
		t.Fatalf("got lines %q (%v), want 5", records, err)
	}
	lines := []any{}
	decide := map[string][2]string{"ana": {"approve", ""}, "ben": {"Revoke", ""}, "'=carl": {"defer", "2026-11-25"}}
	for _, record := range records[1:] {
		line := map[string]any{}
		for i, column := range records[0] {
			line[column] = record[i]
		}
		if line["experiment_name"] == "/a" {
			decision := decide[fmt.Sprint(line["principal"])]
			line["decision"], line["until"], line["reviewer"] = decision[0], decision[1], "rita"
		}
		lines = append(lines, line)
	}
	lines = append(lines, map[string]any{"fingerprint": "f0", "level": "CAN_READ", "decision": "approve"})
	got := mustCall(t, "review_decisions", r, lines, "2026-11-26")
	for list, want := range map[string]string{"approved": "ana", "revoked": "ben", "expired": "=carl", "undecided": "ana"} {
		if name := at(got, list, 0, "principal"); name != want || at(got, list, 1) != nil {
			t.Errorf("%s: got %v, want %s", list, at(got, list), want)
		}
	}
	if at(got, "approved", 0, "reviewer") != "rita" || at(got, "undecided", 0, "decision") != nil ||
		at(got, "gone", 0, "fingerprint") != "f0" {
		t.Errorf("got %v, want a reviewer, an undecided grant, and the decision f0 without a grant", got)
	}
	const counts = "map[approved:1 deferred:0 expired:1 gone:1 grants:4 revoked:1 stale:0 undecided:1]"
	if text := fmt.Sprint(at(got, "counts")); text != counts {
		t.Errorf("got counts %s, want %s", text, counts)
	}
	if toDecide := at(got, "to_decide"); toDecide != "" {
		t.Errorf("got lines to decide\n%s\nwant none if all grants have lines", toDecide)
	}
	undecided := mustCall(t, "review_decisions", r, []any{}, "2026-11-26")
	if toDecide, want := at(undecided, "to_decide"), withoutHeader(mustMatrix(t, r, "lines")); toDecide != want {
		t.Errorf("without decisions: got lines to decide\n%s\nwant\n%s", toDecide, want)
	}
	raised := slices.Clone(r)
	raised[0] = matrixGrantOf("/a", "user", "ana", "CAN_MANAGE", false)
	if stale := mustCall(t, "review_decisions", raised, lines, "2026-11-24T23:00:00Z"); at(stale, "stale", 0, "decided_level") != "CAN_READ" ||
		at(stale, "deferred", 0, "principal") != "=carl" {
		t.Errorf("raised level: got %v, want a stale grant of ana and a deferred one of =carl", stale)
	}
}

// Errors name the invalid argument, and the valid ones.
func TestReviewFunctions_arguments(t *testing.T) {
	t.Parallel()
	valid := []any{matrixGrantOf("e", "user", "u", "CAN_READ", false)}
	members := principalsOf("g", "u")
	type (
		arguments = []any
		object    = map[string]any
	)
	grant := func(more ...any) arguments {
		return arguments{[]any{matrixGrantOf("e", "user", "u", "CAN_READ", false, more...)}}
	}
	decision := func(more ...any) []any {
		d := object{"fingerprint": "f1", "level": "CAN_READ", "decision": "approve"}
		for i := 0; i+1 < len(more); i += 2 {
			d[fmt.Sprint(more[i])] = more[i+1]
		}
		return []any{d}
	}
	review := func(attribute string, value any) object { return object{"grants": valid, attribute: value} }
	deep := any("x")
	for range 50 {
		deep = []any{deep}
	}
	for want, c := range map[string]struct {
		function  string
		arguments arguments
	}{
		`grants[0]: "experiment_id" must be a string. Use the data source mlflow_permission_review`: {
			"review_snapshot", grant("experiment_id", []any{}),
		},
		`grants[0]: "inherited" is not true or false`:  {"review_snapshot", grant("inherited", "yes")},
		`grants[0]: inherited_from[0] is not a string`: {"review_snapshot", grant("inherited_from", []any{object{}})},
		`grants is null. Use the data source`:          {"review_snapshot", arguments{object{"grants": nil}}},
		`the review is null. Use the data source`:      {"review_snapshot", arguments{nil}},
		`experiments[0] is not an object`:              {"review_snapshot", arguments{review("experiments", []any{nil})}},
		`experiments[0]: "name" must be a non-empty string`: {
			"review_diff", arguments{review("experiments", []any{object{"experiment_name": "/a"}}), valid},
		},
		`unreadable[0]: "experiment_name" must be a non-empty string`: {
			"permission_matrix", arguments{review("unreadable", []any{object{"name": "/a"}}), "html"},
		},
		`experiments[0]: "tags" is not a map`: {
			"review_snapshot", arguments{review("experiments", []any{object{"name": "/a", "tags": "x"}})},
		},
		`experiments[0]: tags["a"] is not a string`: {
			"review_snapshot", arguments{review("experiments", []any{object{"name": "/a", "tags": object{"a": []any{}}}})},
		},
		`grants[0] is not an object`: {"effective_access", arguments{deep, members}},
		`it must be an object with principals or members. Use the data source mlflow_pri`: {
			"effective_access", arguments{valid, []any{}},
		},
		`members[0]: "name" must be a non-empty string. Use the data source mlflow_princ`: {
			"effective_access", arguments{valid, object{"members": []any{object{"group": "g", "kind": "user"}}}},
		},
		`principals is not a list`:                                  {"effective_access", arguments{valid, object{"principals": "x"}}},
		`it is not the JSON of a snapshot`:                          {"review_diff", arguments{"x", valid}},
		`Could not read snapshot: it is not the JSON of a snapshot`: {"review_diff", arguments{valid, ""}},
		`its version 9 is newer than version 1, which this provider supports`: {
			"review_diff", arguments{`{"version":9}`, valid},
		},
		`decisions[0]: there is no attribute "fingerprint". Read them with csvdecode from a file that ` +
			`permission_matrix(review, "lines") wrote, with commas`: {
			"review_decisions", arguments{valid, []any{object{"experiment_id;fingerprint;level;decision": "1;f1;CAN_READ;approve"}}, "2026-01-01"},
		},
		`decisions is not a list. Read them with csvdecode`: {
			"review_decisions", arguments{valid, "fingerprint,level", "2026-01-01"},
		},
		`decisions[0]: there is no attribute "fingerprint". Read them with csvdecode`: {
			"review_decisions", arguments{valid, []any{object{"Fingerprint": "f1"}}, "2026-01-01"},
		},
		`decisions[0]: "reason" must be a string`: {
			"review_decisions", arguments{valid, decision("reason", []any{}), "2026-01-01"},
		},
		`is "yes". Use approve, revoke, or defer`: {
			"review_decisions", arguments{valid, decision("decision", "yes"), "2026-01-01"},
		},
		`Invalid date "today": use YYYY-MM-DD`: {"review_decisions", arguments{valid, decision(), "today"}},
		`there is no option "colour", "size". The options are title, as_of, scope, and`: {
			"permission_matrix", arguments{valid, "html", object{"title": "x", "size": "1", "colour": "x"}},
		},
		`2 option objects were passed. Use one object`: {"permission_matrix", arguments{valid, "html", object{}, object{}}},
		`it is not an object. The options are title`:   {"permission_matrix", arguments{valid, "html", "Title"}},
		`"title" must be a string. The options must be strings`: {
			"permission_matrix", arguments{valid, "csv", object{"title": []any{}}},
		},
	} {
		if _, message := callFunction(t, c.function, c.arguments...); !strings.Contains(message, want) {
			t.Errorf("%s: got error %q, want %q", c.function, message, want)
		}
	}
}

// The result is unknown if any argument is. Null and missing attributes are empty.
func TestReviewFunctions_unknownAndNull(t *testing.T) {
	t.Parallel()
	valid := []any{matrixGrantOf("e", "user", "u", "CAN_READ", false)}
	null := []any{matrixGrantOf("e", "user", "u", "CAN_READ", false, "experiment_id", nil, "display_name", nil, "inherited_from", nil,
		"effective", nil)}
	unknown := []any{matrixGrantOf("e", "user", "u", "CAN_READ", false, "principal", unknownText)}
	nulls := map[string]any{
		"grants": null, "experiments": nil, "unreadable": nil, "default_level": nil, "server": nil, "workspace": nil, "caller": nil,
		"members": nil, "counts": nil,
	}
	members := map[string]any{"principals": nil, "members": []any{}, "everybody": nil, "incomplete": nil}
	line := map[string]any{"fingerprint": nil, "level": nil, "decision": nil, "until": nil}
	for function, c := range map[string]struct{ known, unknown [][]any }{
		"effective_access": {
			known:   [][]any{{valid, members}, {nulls, members}},
			unknown: [][]any{{unknown, members}, {valid, map[string]any{"members": unknown}}},
		},
		"review_snapshot": {known: [][]any{{nulls}, {[]any{}}}, unknown: [][]any{{unknown}}},
		"review_diff": {
			known:   [][]any{{nulls, valid}, {[]any{}, valid}},
			unknown: [][]any{{unknown, valid}, {valid, unknownText}},
		},
		"review_decisions": {
			known:   [][]any{{nulls, []any{line}, "2026-01-01"}, {valid, []any{}, "2026-01-01"}},
			unknown: [][]any{{valid, []any{}, unknownText}},
		},
		"permission_matrix": {
			known:   [][]any{{nulls, "lines"}, {valid, "html", nil}, {valid, "html", map[string]any{"title": nil}}},
			unknown: [][]any{{unknown, "html"}, {valid, "html", map[string]any{"title": unknownText}}},
		},
	} {
		for i, given := range c.known {
			if result, message := callFunction(t, function, given...); message != "" || !result.IsFullyKnown() {
				t.Errorf("%s, known arguments %d: got an unknown result or error %q", function, i, message)
			}
		}
		for i, given := range c.unknown {
			if result, message := callFunction(t, function, given...); message != "" || result.IsKnown() {
				t.Errorf("%s, unknown arguments %d: got a known result or error %q", function, i, message)
			}
		}
	}
}

// Names can contain any text.
func TestReviewFunctions_hostileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"</script>", "=1+1", "a\nb", "\x00", "ü\u202e", strings.Repeat("x", 100_000), "|`*"} {
		g := matrixGrantOf(name, name, name, name, false, "experiment_id", name, "inherited_from", []any{name})
		r := map[string]any{"grants": []any{g, g}, "server": name, "default_level": name}
		if got := mustCall(t, "effective_access", r, principalsOf(name, name)); at(got, 0, "principal") != name || at(got, 0, "level") != name {
			t.Errorf("%.20q: got access %.200v, want that of the name", name, got)
		}
		if got := mustCall(t, "review_diff", mustCall(t, "review_snapshot", r), r); at(got, "changed") != false {
			t.Errorf("%.20q: got changes %.200v between a review and its snapshot, want none", name, got)
		}
		if got := mustCall(t, "review_decisions", r, []any{}, "2026-01-01"); at(got, "undecided", 0, "experiment_name") != name {
			t.Errorf("%.20q: got decisions %.200v, want the experiment undecided", name, got)
		}
	}
	numbers := matrixGrantOf("e", "user", "u", "CAN_READ", false, "experiment_id", tftypes.NewValue(tftypes.Number, 12345678901234567))
	numbers["inherited"] = "true"
	got := mustCall(t, "review_decisions", []any{numbers}, []any{}, "2026-01-01")
	if at(got, "undecided", 0, "experiment_id") != "12345678901234567" || at(got, "undecided", 0, "inherited") != true {
		t.Errorf("got %v, want the ID as a string and an inherited grant", got)
	}
}
