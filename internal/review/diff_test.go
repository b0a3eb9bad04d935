package review

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// changeTexts returns a description of each change.
func changeTexts(c Changes) []string {
	var texts []string
	for _, list := range []struct {
		name    string
		changes []Change
	}{
		{"added", c.Added}, {"removed", c.Removed}, {"raised", c.Raised}, {"lowered", c.Lowered}, {"changed", c.Changed},
		{"source", c.SourceChanged},
	} {
		for _, change := range list.changes {
			texts = append(texts, fmt.Sprintf("%s %s %s: %s -> %s", list.name, change.Experiment, change.Principal, change.Before,
				change.After))
		}
	}
	for _, r := range c.Renamed {
		texts = append(texts, fmt.Sprintf("renamed %s: %s -> %s", r.ExperimentID, r.Before, r.After))
	}
	for _, u := range c.NewlyUnreadable {
		texts = append(texts, "unreadable "+u.Experiment)
	}
	for _, list := range []struct {
		name        string
		experiments []Experiment
	}{{"readable", c.NewlyReadable}, {"listed", c.NewlyListed}, {"not listed", c.NoLongerListed}} {
		for _, e := range list.experiments {
			texts = append(texts, list.name+" "+e.Name)
		}
	}
	if c.DefaultLevelBefore != c.DefaultLevelAfter {
		texts = append(texts, "default "+c.DefaultLevelBefore+" -> "+c.DefaultLevelAfter)
	}
	return texts
}

func TestDiff(t *testing.T) {
	t.Parallel()
	grant := func(level string) Grant { return grantOf("/e", KindUser, "ana", level, false) }
	on := func(id, name string, g Grant) Grant {
		g.ExperimentID, g.Experiment = id, name
		return g
	}
	grants := func(g ...Grant) Review { return Review{Grants: g, Experiments: []Experiment{{Name: "/e"}}} }
	unreadable := func(g ...Grant) Review {
		return Review{Grants: g, Unreadable: []Unreadable{{Experiment: "/e", Reason: "It is a notebook."}}}
	}
	from := func(origin, id string) Grant {
		return Grant{Experiment: "/e", Kind: KindUser, Principal: "ana", Level: "CAN_EDIT", Inherited: true, InheritedFrom: origin,
			InheritedFromID: id}
	}
	for name, c := range map[string]struct {
		before, after Review
		want          []string
	}{
		"nothing":  {},
		"the same": {grants(grant("CAN_READ")), grants(grant("CAN_READ"), grant("CAN_READ")), nil},
		"added":    {grants(), grants(grant("CAN_READ")), []string{"added /e ana:  -> CAN_READ"}},
		"removed":  {grants(grant("CAN_READ")), grants(), []string{"removed /e ana: CAN_READ -> "}},
		"raised":   {grants(grant("CAN_READ")), grants(grant("CAN_EDIT")), []string{"raised /e ana: CAN_READ -> CAN_EDIT"}},
		"raised by another grant": {grants(grant("CAN_READ")), grants(grant("CAN_READ"), from("/Shared", "")),
			[]string{"raised /e ana: CAN_READ -> CAN_EDIT"}},
		"raised to both": {grants(grant("CAN_RUN")), grants(grant("CAN_RUN"), grant("CAN_EDIT")),
			[]string{"raised /e ana: CAN_RUN -> CAN_EDIT, CAN_RUN"}},
		"lowered": {grants(grant("CAN_MANAGE")), grants(grant("CAN_RUN")), []string{"lowered /e ana: CAN_MANAGE -> CAN_RUN"}},
		"lowered from both": {grants(grant("CAN_RUN"), grant("CAN_EDIT")), grants(grant("CAN_EDIT")),
			[]string{"lowered /e ana: CAN_EDIT, CAN_RUN -> CAN_EDIT"}},
		"denied": {grants(grant("CAN_READ")), grants(grant("CAN_READ"), grant("DENY")),
			[]string{"lowered /e ana: CAN_READ -> DENY"}},
		"no longer denied":   {grants(grant("DENY")), grants(grant("CAN_FLY")), []string{"raised /e ana: DENY -> CAN_FLY"}},
		"neither is higher":  {grants(grant("CAN_EDIT")), grants(grant("CAN_RUN")), []string{"changed /e ana: CAN_EDIT -> CAN_RUN"}},
		"an unknown level":   {grants(grant("CAN_EDIT")), grants(grant("CAN_FLY")), []string{"changed /e ana: CAN_EDIT -> CAN_FLY"}},
		"both allow nothing": {grants(grant("DENY")), grants(grant("NO_PERMISSIONS")), []string{"changed /e ana: DENY -> NO_PERMISSIONS"}},
		"another source":     {grants(grant("CAN_EDIT")), grants(from("/Shared", "")), []string{"source /e ana: CAN_EDIT -> CAN_EDIT"}},
		"one source fewer": {grants(grant("CAN_EDIT"), from("/Shared", "")), grants(grant("CAN_EDIT")),
			[]string{"source /e ana: CAN_EDIT -> CAN_EDIT"}},
		"a renamed folder": {grants(from("/Shared/a", "/directories/1")), grants(from("/Shared/b", "/directories/1")), nil},
		"a display name": {
			grants(grant("CAN_EDIT")), grants(Grant{Experiment: "/e", Kind: KindUser, Principal: "ana", DisplayName: "Ana",
				Level: "CAN_EDIT"}), nil,
		},
		"another kind": {
			grants(grant("CAN_EDIT")), grants(grantOf("/e", KindGroup, "ana", "CAN_EDIT", false)),
			[]string{"added /e ana:  -> CAN_EDIT", "removed /e ana: CAN_EDIT -> "},
		},
		"renamed and raised": {
			Review{Grants: []Grant{on("1", "/e", grant("CAN_READ"))}}, Review{Grants: []Grant{on("1", "/f", grant("CAN_EDIT"))}},
			[]string{"raised /f ana: CAN_READ -> CAN_EDIT", "renamed 1: /e -> /f"},
		},
		"recreated with the same name": {
			Review{Grants: []Grant{on("1", "/e", grant("CAN_READ"))}}, Review{Grants: []Grant{on("2", "/e", grant("CAN_READ"))}},
			[]string{"added /e ana:  -> CAN_READ", "listed /e", "not listed /e"},
		},
		"newly listed":         {Review{}, grants(grant("CAN_READ")), []string{"added /e ana:  -> CAN_READ", "listed /e"}},
		"no longer listed":     {grants(grant("CAN_READ")), Review{}, []string{"not listed /e"}},
		"newly unreadable":     {grants(grant("CAN_READ")), unreadable(), []string{"unreadable /e"}},
		"still unreadable":     {unreadable(), unreadable(), nil},
		"new and unreadable":   {Review{}, unreadable(), []string{"unreadable /e", "listed /e"}},
		"unreadable, unlisted": {unreadable(), Review{}, []string{"not listed /e"}},
		"newly readable":       {unreadable(), grants(grant("CAN_READ")), []string{"added /e ana:  -> CAN_READ", "readable /e"}},
		"unreadable, grants":   {grants(grant("CAN_READ")), unreadable(grant("CAN_READ")), nil},
		"the default level": {Review{DefaultLevel: "CAN_READ"}, Review{DefaultLevel: "CAN_EDIT"},
			[]string{"default CAN_READ -> CAN_EDIT"}},
	} {
		if got := changeTexts(Diff(c.before, c.after)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestDiff_fields(t *testing.T) {
	t.Parallel()
	before := Grant{ExperimentID: "1", Experiment: "/e", Kind: KindServicePrincipal, Principal: "6f1c", DisplayName: "deployer",
		Level: "CAN_READ"}
	after := before
	after.Level, after.Inherited, after.InheritedFrom = "CAN_EDIT", true, "/Shared"
	got := Diff(Review{Grants: []Grant{before}}, Review{Grants: []Grant{after, before}}).Raised
	want := []Change{{
		ExperimentID: "1", Experiment: "/e", Kind: KindServicePrincipal, Principal: "6f1c", DisplayName: "deployer", Before: "CAN_READ",
		After:        "CAN_EDIT",
		GrantsBefore: []string{"CAN_READ, granted directly"},
		GrantsAfter:  []string{"CAN_READ, granted directly", "CAN_EDIT, inherited from /Shared"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// checkDiff checks invariants of the changes between any two reviews.
func checkDiff(t *testing.T, a, b Review) {
	t.Helper()
	changes := Diff(a, b)
	if texts := changeTexts(Diff(a, shuffle(1, a))); texts != nil {
		t.Fatalf("got changes %q between a review and itself, want none", texts)
	}
	if again := Diff(shuffle(2, a), shuffle(3, b)); !reflect.DeepEqual(again, changes) {
		t.Fatalf("got in another order\n%+v\nwant\n%+v", again, changes)
	}
	reverse := Diff(b, a)
	if len(reverse.Raised) != len(changes.Lowered) || len(reverse.Lowered) != len(changes.Raised) ||
		len(
			reverse.Changed,
		) != len(
			changes.Changed,
		) || len(reverse.SourceChanged) != len(changes.SourceChanged) || len(reverse.Renamed) != len(changes.Renamed) ||
		len(reverse.NewlyListed) != len(changes.NoLongerListed) {
		t.Fatalf("got in the other direction\n%+v\nwant the reverse of\n%+v", reverse, changes)
	}
	// Every grant that is only in the second review is part of a change.
	seen := map[[4]string]bool{}
	for _, list := range [][]Change{changes.Added, changes.Removed, changes.Raised, changes.Lowered, changes.Changed,
		changes.SourceChanged} {
		for _, c := range list {
			at := [4]string{c.ExperimentID, c.Experiment, c.Kind, c.Principal}
			if seen[at] {
				t.Fatalf("change %+v is listed twice", c)
			}
			seen[at] = true
		}
	}
	old := map[grantKey]bool{}
	for _, l := range fingerprints(a) {
		old[grantKey{l.Fingerprint, l.Grant.Level}] = true
	}
	for _, l := range fingerprints(b) {
		g := l.Grant
		if !old[grantKey{l.Fingerprint, g.Level}] && !seen[[4]string{g.ExperimentID, g.Experiment, g.Kind, g.Principal}] {
			t.Fatalf("grant %+v is in no change", g)
		}
	}
}

func TestDiff_properties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		a := inconsistentReview(seed)
		b := inconsistentReview(seed + 1)
		checkDiff(t, a, b)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("", "")
	f.Add("CAN_READ\nCAN_EDIT\na", "a\nCAN_RUN")
	f.Add(strings.Join(hostileNames, "\n"), strings.Join(hostileNames[1:], "\n"))
	f.Fuzz(func(t *testing.T, before, after string) {
		a, _ := hostileReview(before)
		b, _ := hostileReview(after)
		checkDiff(t, a, b)
	})
}
