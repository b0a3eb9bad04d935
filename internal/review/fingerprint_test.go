package review

import (
	"encoding/csv"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Fingerprints are stored in files under version control, so they must not change.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	g := Grant{Experiment: "/e", ExperimentID: "1", Kind: KindUser, Principal: "ana", Level: "CAN_READ", Inherited: true,
		InheritedFrom: "/Shared"}
	change := func(do func(*Grant)) Grant {
		changed := g
		do(&changed)
		return changed
	}
	want := Fingerprint(g)
	const stable = "f57eacf1f534940e52000b976"
	if want != stable || !regexp.MustCompile(`^f[0-9a-f]{24}$`).MatchString(want) {
		t.Errorf("got %s, want %s", want, stable)
	}
	for name, same := range map[string]Grant{
		"level":              change(func(g *Grant) { g.Level = "CAN_EDIT" }),
		"name with an ID":    change(func(g *Grant) { g.Experiment = "/f" }),
		"display name":       change(func(g *Grant) { g.DisplayName = "Ana" }),
		"effective":          change(func(g *Grant) { g.Effective = true }),
		"origin that has ID": change(func(g *Grant) { g.InheritedFrom, g.InheritedFromID = "/other", "/Shared" }),
	} {
		if got := Fingerprint(same); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	seen := map[string]string{want: "the original"}
	for name, other := range map[string]Grant{
		"ID":            change(func(g *Grant) { g.ExperimentID = "2" }),
		"ID as a name":  change(func(g *Grant) { g.ExperimentID, g.Experiment = "", "1" }),
		"name":          change(func(g *Grant) { g.ExperimentID = "" }),
		"kind":          change(func(g *Grant) { g.Kind = KindGroup }),
		"principal":     change(func(g *Grant) { g.Principal = "Ana" }),
		"direct":        change(func(g *Grant) { g.Inherited = false }),
		"origin":        change(func(g *Grant) { g.InheritedFrom = "/Projects" }),
		"no origin":     change(func(g *Grant) { g.InheritedFrom = "" }),
		"shifted texts": change(func(g *Grant) { g.Kind, g.Principal = "use", "rana" }),
		"with a length": change(func(g *Grant) { g.Kind, g.Principal = "user3:ana", "" }),
	} {
		got := Fingerprint(other)
		if first, found := seen[got]; found {
			t.Errorf("%s: got the fingerprint of %q, want a different one", name, first)
		}
		seen[got] = name
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	direct := Grant{ExperimentID: "1", Experiment: "/e", Kind: KindServicePrincipal, Principal: "6f1c", DisplayName: "=deployer",
		Level: "CAN_EDIT", Effective: true}
	inherited := Grant{ExperimentID: "1", Experiment: "/e", Kind: KindGroup, Principal: "risk, \"all\"", Level: "CAN_READ", Inherited: true,
		InheritedFrom: "/Shared"}
	r := Review{
		Grants:      []Grant{direct, direct, inherited},
		Experiments: []Experiment{{ID: "1", Name: "/e", Owner: "ana", LastUpdated: "2026-11-25T12:00:00Z"}, {ID: "2", Name: "/empty"}},
	}
	text := Lines(r)
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	want := [][]string{
		lineColumns,
		{"1", "/e", "ana", "2026-11-25T12:00:00Z", "group", "risk, \"all\"", "", "CAN_READ", "true", "/Shared", "false",
			Fingerprint(inherited), "", "", "", ""},
		{"1", "/e", "ana", "2026-11-25T12:00:00Z", "service_principal", "6f1c", "'=deployer", "CAN_EDIT", "false", "", "true",
			Fingerprint(direct), "", "", "", ""},
	}
	if err != nil || !reflect.DeepEqual(lines, want) {
		t.Errorf("got %q (%v), want %q", lines, err, want)
	}
	if !strings.HasPrefix(text, `"experiment_id","experiment_name",`) {
		t.Errorf("got %s, want every field quoted", text)
	}
}

// A grant is one line of text, so that line-based tools do not split it.
func TestLines_breaks(t *testing.T) {
	t.Parallel()
	name := "/e\r\n\"a\",\"b\"\rc\nd"
	text := Lines(Review{Grants: []Grant{{Experiment: name, Kind: KindUser, Principal: "ana\nlee", Level: "CAN_READ", Inherited: true,
		InheritedFrom: "/\n"}}})
	if n := strings.Count(text, "\n"); n != 2 || strings.Contains(text, "\r") || !strings.Contains(text, `"/e␍␊""a"",""b""␍c␊d"`) {
		t.Errorf("got %d lines for one grant, want 2 without other line breaks:\n%s", n, text)
	}
}

// decisionsOf returns a decision for each line.
func decisionsOf(t *testing.T, text, decision string) []Decision {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(lines[0], name) }
	var decisions []Decision
	for _, fields := range lines[1:] {
		decisions = append(decisions, Decision{Fingerprint: fields[at("fingerprint")], Level: fields[at("level")], Decision: decision,
			Until: fields[at("until")]})
	}
	return decisions
}

// Completed lines decide every grant, also in a later review with the same grants.
func TestLines_decided(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := inconsistentReview(seed)
		text := Lines(r)
		if again := Lines(shuffle(seed, r)); again != text {
			t.Fatalf("got in another order\n%s\nwant\n%s", again, text)
		}
		d, err := Decide(r, decisionsOf(t, text, "approve"), today)
		if err != nil || d.Counts.Approved != d.Counts.Grants || d.Counts.Unmatched != 0 {
			t.Fatalf("got counts %+v (%v), want all approved after\n%s", d.Counts, err, text)
		}
		if d, err := Decide(r, decisionsOf(t, text, ""), today); err != nil || d.Counts.Undecided != d.Counts.Grants {
			t.Fatalf("got counts %+v (%v), want all undecided", d.Counts, err)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add(strings.Join(hostileNames, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		r, _ := hostileReview(text)
		lines, err := csv.NewReader(strings.NewReader(Lines(r))).ReadAll()
		if err != nil || len(lines) != 1+len(fingerprints(r)) {
			t.Fatalf("got %d lines (%v), want %d", len(lines), err, 1+len(fingerprints(r)))
		}
	})
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-11-26": "2026-11-26", "2028-02-29": "2028-02-29", "2026-11-26T23:30:00-08:00": "2026-11-26",
		"2026-11-26T00:00:00Z": "2026-11-26",
	} {
		if got, err := ParseDate(" " + text + "\r\n"); err != nil || got.Format(time.RFC3339) != want+"T00:00:00Z" {
			t.Errorf("%q: got %v (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "26.11.2026", "2026-13-01", "2026-02-29", "2026-11-26 12:00", "20261126"} {
		if _, err := ParseDate(text); err == nil || !strings.HasPrefix(err.Error(), "Invalid date \""+text+"\": use YYYY-MM-DD") {
			t.Errorf("%q: got error %v, want an invalid date", text, err)
		}
	}
}
