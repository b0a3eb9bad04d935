package review

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var today = time.Date(2026, 11, 26, 23, 30, 0, 0, time.FixedZone("", -8*60*60))

// decidedTexts returns a description of each decision.
func decidedTexts(d Decisions) []string {
	var texts []string
	for _, list := range []struct {
		name   string
		grants []DecidedGrant
	}{
		{"undecided", d.Undecided}, {"approved", d.Approved}, {"revoked", d.Revoked}, {"deferred", d.Deferred}, {"expired", d.Expired},
		{"stale", d.Stale},
	} {
		for _, g := range list.grants {
			texts = append(texts, fmt.Sprintf("%s %s %s by %q", list.name, g.Grant.Principal, g.Grant.Level, g.Decision.Reviewer))
		}
	}
	for _, g := range d.Unmatched {
		texts = append(texts, fmt.Sprintf("unmatched %s by %q", g.Level, g.Reviewer))
	}
	return texts
}

func TestDecide(t *testing.T) {
	t.Parallel()
	grant := func(level string) Grant { return grantOf("/e", KindUser, "ana", level, false) }
	print := Fingerprint(grant("CAN_READ"))
	decide := func(reviewer, level, word, until string) Decision {
		return Decision{Fingerprint: print, Level: level, Decision: word, Reviewer: reviewer, Until: until}
	}
	for name, c := range map[string]struct {
		grants    []Grant
		decisions []Decision
		want      []string
	}{
		"nothing":   {},
		"undecided": {[]Grant{grant("CAN_READ")}, nil, []string{`undecided ana CAN_READ by ""`}},
		"an open row": {[]Grant{grant("CAN_READ")}, []Decision{decide("", "CAN_READ", " ", ""), decide("", "CAN_READ", "", "soon")},
			[]string{`undecided ana CAN_READ by ""`}},
		"approved": {[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_READ", "approve", "")},
			[]string{`approved ana CAN_READ by "a"`}},
		"revoked": {[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_READ", "revoke", "2020-01-01")},
			[]string{`revoked ana CAN_READ by "a"`}},
		"deferred": {[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_READ", "defer", "2026-12-01")},
			[]string{`deferred ana CAN_READ by "a"`}},
		"the last day": {
			[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_READ", "approve", "2026-11-26")},
			[]string{`approved ana CAN_READ by "a"`},
		},
		"the day after the last one": {[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_READ", "approve", "2026-11-25")},
			[]string{`expired ana CAN_READ by "a"`}},
		"an expired deferral": {
			[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_READ", "defer", "2026-11-25T23:59:59+14:00")},
			[]string{`expired ana CAN_READ by "a"`},
		},
		"spaces and capitals": {
			[]Grant{grant("CAN_READ")}, []Decision{{" " + print + "\r", " CAN_READ ", " Approve ", " a ", "", " 2026-12-01 "}},
			[]string{`approved ana CAN_READ by "a"`},
		},
		"raised": {[]Grant{grant("CAN_EDIT")}, []Decision{decide("a", "CAN_READ", "approve", "")},
			[]string{`stale ana CAN_EDIT by "a"`}},
		"raised and expired": {[]Grant{grant("CAN_EDIT")}, []Decision{decide("a", "CAN_READ", "approve", "2020-01-01")},
			[]string{`stale ana CAN_EDIT by "a"`}},
		"raised after revoke": {[]Grant{grant("CAN_EDIT")}, []Decision{decide("a", "CAN_READ", "revoke", "")},
			[]string{`stale ana CAN_EDIT by "a"`}},
		"a different level, not higher": {[]Grant{grant("CAN_RUN")}, []Decision{decide("a", "CAN_EDIT", "approve", "")},
			[]string{`stale ana CAN_RUN by "a"`}},
		"lowered": {[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_EDIT", "approve", "")},
			[]string{`approved ana CAN_READ by "a"`}},
		"lowered after revoke": {[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_EDIT", "revoke", "")},
			[]string{`revoked ana CAN_READ by "a"`}},
		"denied": {[]Grant{grant("DENY")}, []Decision{decide("a", "CAN_EDIT", "approve", "")},
			[]string{`approved ana DENY by "a"`}},
		"no longer denied": {[]Grant{grant("CAN_READ")}, []Decision{decide("a", "DENY", "approve", "")},
			[]string{`stale ana CAN_READ by "a"`}},
		"an unknown level": {[]Grant{grant("CAN_FLY")}, []Decision{decide("a", "CAN_MANAGE", "approve", "")},
			[]string{`stale ana CAN_FLY by "a"`}},
		"no grant": {nil, []Decision{decide("a", "CAN_READ", "approve", "")}, []string{`unmatched CAN_READ by "a"`}},
		"a new decision for the raised level": {
			[]Grant{grant("CAN_EDIT")}, []Decision{decide("a", "CAN_READ", "revoke", ""), decide("b", "CAN_EDIT", "approve", "")},
			[]string{`approved ana CAN_EDIT by "b"`, `unmatched CAN_READ by "a"`},
		},
		"two grants that differ only in level": {
			[]Grant{grant("CAN_EDIT"), grant("CAN_RUN")}, []Decision{decide("a", "CAN_RUN", "revoke", ""),
				decide("b", "CAN_EDIT", "approve", "")},
			[]string{`approved ana CAN_EDIT by "b"`, `revoked ana CAN_RUN by "a"`},
		},
		"several decisions for higher levels": {
			[]Grant{grant("CAN_READ")}, []Decision{decide("a", "CAN_RUN", "revoke", ""), decide("b", "CAN_EDIT", "approve", "")},
			[]string{`stale ana CAN_READ by "b"`, `unmatched CAN_RUN by "a"`},
		},
		"raised above a revoked level": {
			[]Grant{grant("CAN_EDIT")}, []Decision{decide("a", "CAN_MANAGE", "approve", ""), decide("b", "CAN_READ", "revoke", "")},
			[]string{`stale ana CAN_EDIT by "a"`, `unmatched CAN_READ by "b"`},
		},
		"a revoked level that does not include the other one": {
			[]Grant{grant("CAN_EDIT")}, []Decision{decide("a", "CAN_MANAGE", "approve", ""), decide("b", "CAN_RUN", "revoke", "")},
			[]string{`approved ana CAN_EDIT by "a"`, `unmatched CAN_RUN by "b"`},
		},
		"a duplicate grant": {
			[]Grant{grant("CAN_READ"), grant("CAN_READ")}, []Decision{decide("a", "CAN_READ", "approve", "")},
			[]string{`approved ana CAN_READ by "a"`},
		},
		"the principal inherits the level instead": {
			[]Grant{{Experiment: "/e", Kind: KindUser, Principal: "ana", Level: "CAN_READ", Inherited: true}},
			[]Decision{decide("a", "CAN_READ", "approve", "")},
			[]string{`undecided ana CAN_READ by ""`, `unmatched CAN_READ by "a"`},
		},
	} {
		got, err := Decide(Review{Grants: c.grants}, c.decisions, today)
		if texts := decidedTexts(got); err != nil || !slices.Equal(texts, c.want) {
			t.Errorf("%s: got\n%s (%v)\nwant\n%s", name, strings.Join(texts, "\n"), err, strings.Join(c.want, "\n"))
		}
	}
}

func TestDecide_errors(t *testing.T) {
	t.Parallel()
	valid := Decision{Fingerprint: "f1", Level: "CAN_READ", Decision: "approve"}
	change := func(do func(*Decision)) Decision {
		d := valid
		do(&d)
		return d
	}
	for _, c := range []struct {
		decisions []Decision
		want      string
	}{
		{
			[]Decision{valid, change(func(d *Decision) { d.Decision = "aproved" })},
			`decision 2 (fingerprint "f1") is "aproved". Use approve, revoke, or defer, or leave it empty if there is no decision.`,
		},
		{
			[]Decision{change(func(d *Decision) { d.Until = "31.12.2026" })},
			`decision 1 (fingerprint "f1") has an invalid date "31.12.2026" in until. Use YYYY-MM-DD, for example 2026-12-31.`,
		},
		{
			[]Decision{change(func(d *Decision) { d.Until = "2026-02-30" })},
			`decision 1 (fingerprint "f1") has an invalid date "2026-02-30" in until. Use YYYY-MM-DD, for example 2026-12-31.`,
		},
		{[]Decision{change(func(d *Decision) { d.Level = "" })},
			`decision 1 (fingerprint "f1") has no fingerprint or no level. Copy both from the line of the grant.`},
		{[]Decision{change(func(d *Decision) { d.Fingerprint = "" })},
			`decision 1 (fingerprint "") has no fingerprint or no level. Copy both from the line of the grant.`},
		{
			[]Decision{{}, valid, change(func(d *Decision) { d.Decision = "REVOKE" })},
			`decision 3 (fingerprint "f1") has the same fingerprint and level as decision 2. Remove one of them.`,
		},
		{
			[]Decision{change(func(d *Decision) { d.Decision = "x" }), change(func(d *Decision) { d.Until = "x" })},
			`decision 1 (fingerprint "f1") is "x". Use approve, revoke, or defer, or leave it empty if there is no decision.` + "\n" +
				`decision 2 (fingerprint "f1") has an invalid date "x" in until. Use YYYY-MM-DD, for example 2026-12-31.`,
		},
	} {
		if _, err := Decide(Review{}, c.decisions, today); err == nil || err.Error() != "Invalid decisions: "+c.want {
			t.Errorf("got error %v, want %s", err, c.want)
		}
	}
	_, err := Decide(Review{}, slices.Repeat([]Decision{change(func(d *Decision) { d.Decision = "x" })}, 12), today)
	if err == nil || strings.Count(err.Error(), "\n") != 10 || !strings.HasSuffix(err.Error(), "\n2 more errors are not listed.") {
		t.Errorf("got error %v, want 10 errors and the number of the others", err)
	}
}

// checkDecide checks that every grant is in one list, that every decision is applied or in Unmatched, and that the counts add up.
func checkDecide(t *testing.T, r Review, decisions []Decision) {
	t.Helper()
	given := slices.Clone(decisions)
	d, err := Decide(r, decisions, today)
	if err != nil {
		if !strings.HasPrefix(err.Error(), "Invalid decisions: decision ") {
			t.Fatal(err)
		}
		return
	}
	if again, err := Decide(shuffle(1, r), shuffledList(2, decisions), today); err != nil || !reflect.DeepEqual(again, d) {
		t.Fatalf("got in another order %+v (%v), want %+v", again, err, d)
	}
	if !slices.Equal(decisions, given) {
		t.Fatal("Decide changed the decisions")
	}
	c := d.Counts
	if c.Grants != c.Undecided+c.Approved+c.Revoked+c.Deferred+c.Expired+c.Stale || c.Grants != len(fingerprints(r)) ||
		c.Unmatched != len(d.Unmatched) {
		t.Fatalf("got counts %+v of %d grants, want the lengths of the lists", c, len(fingerprints(r)))
	}
	var got []DecidedGrant
	used := map[Decision]bool{}
	for _, list := range [][]DecidedGrant{d.Undecided, d.Approved, d.Revoked, d.Deferred, d.Expired, d.Stale} {
		for _, g := range list {
			used[g.Decision] = true
			g.Decision = Decision{}
			got = append(got, g)
		}
	}
	byText := func(a, b DecidedGrant) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	want := fingerprints(r)
	slices.SortFunc(got, byText)
	slices.SortFunc(want, byText)
	if !slices.Equal(got, want) {
		t.Fatalf("got grants %+v, want %+v", got, want)
	}
	for _, unmatched := range d.Unmatched {
		used[unmatched] = true
	}
	for _, decision := range decisions {
		checked, _ := validateDecision(decision)
		if checked.Decision.Decision != "" && !used[checked.Decision] {
			t.Fatalf("decision %+v is neither applied nor in Unmatched", decision)
		}
	}
}

// randomDecisions returns decisions about some of the grants, with the same or another level, and about grants that do not exist.
func randomDecisions(seed uint64, r Review) []Decision {
	rnd := rand.New(rand.NewPCG(seed, 3))
	var decisions []Decision
	for _, l := range fingerprints(r) {
		for range rnd.IntN(3) {
			decisions = append(decisions, Decision{
				Fingerprint: pick(rnd, l.Fingerprint, l.Fingerprint, l.Fingerprint, "f0"),
				Level:       pick(rnd, l.Grant.Level, "CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "CAN_FLY"),
				Decision:    pick(rnd, "approve", "revoke", "defer", ""), Until: pick(rnd, "", "2026-11-25", "2026-11-26"),
			})
		}
	}
	slices.SortFunc(decisions, func(a, b Decision) int { return strings.Compare(a.Fingerprint+a.Level, b.Fingerprint+b.Level) })
	return slices.CompactFunc(decisions, func(a, b Decision) bool { return a.Fingerprint == b.Fingerprint && a.Level == b.Level })
}

func TestDecide_properties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		r := inconsistentReview(seed)
		checkDecide(t, r, randomDecisions(seed, r))
	}
}

func FuzzDecide(f *testing.F) {
	f.Add("CAN_READ\napprove\n2026-12-31", uint64(1))
	f.Add(strings.Join(hostileNames, "\n"), uint64(2))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		r, _ := hostileReview(text)
		decisions := randomDecisions(seed, r)
		for i, name := range strings.Split(text, "\n") {
			if i < len(decisions) && seed%3 == 0 {
				decisions[i].Decision, decisions[i].Until, decisions[i].Level = name, name, name
			}
		}
		checkDecide(t, r, decisions)
	})
}

// TestLinesToDecide checks that the lines are those of grants without a decision for their level, and that appending them leaves no more
// lines.
func TestLinesToDecide(t *testing.T) {
	t.Parallel()
	r := Review{
		Experiments: []Experiment{{ID: "1", Name: "/a", Owner: "ana", LastUpdated: "2026-11-26T04:00:00Z"}},
		Grants: []Grant{
			{ExperimentID: "1", Experiment: "/a", Kind: KindUser, Principal: "approved", Level: "CAN_READ"},
			{ExperimentID: "1", Experiment: "/a", Kind: KindUser, Principal: "expired", Level: "CAN_READ"},
			{ExperimentID: "1", Experiment: "/a", Kind: KindUser, Principal: "new, \"\n", Level: "CAN_READ"},
			{ExperimentID: "1", Experiment: "/a", Kind: KindUser, Principal: "open", Level: "CAN_READ"},
			{ExperimentID: "1", Experiment: "/a", Kind: KindUser, Principal: "raised", Level: "CAN_EDIT"},
			{ExperimentID: "1", Experiment: "/a", Kind: KindUser, Principal: "twice", Level: "CAN_EDIT"},
			{ExperimentID: "1", Experiment: "/a", Kind: KindUser, Principal: "twice", Level: "CAN_RUN"},
		},
	}
	decide := func(grant int, level, decision, until string) Decision {
		return Decision{Fingerprint: Fingerprint(r.Grants[grant]), Level: level, Decision: decision, Until: until}
	}
	decisions := []Decision{
		decide(0, "CAN_READ", "approve", ""), decide(1, "CAN_READ", "approve", "2026-11-25"), decide(3, " CAN_READ ", "", ""),
		decide(4, "CAN_READ", "approve", ""),
		decide(5, "CAN_RUN", "approve", ""),
	}
	result, err := Decide(r, decisions, today)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.SplitAfter(Lines(r), "\n")
	got := LinesToDecide(r, decisions, result)
	if want := all[3] + all[5] + all[6]; got != want || strings.Count(got, "\n") != 3 ||
		!strings.Contains(got, `"ana","2026-11-26T04:00:00Z"`) {
		t.Errorf("got lines\n%swant\n%s", got, want)
	}
	for _, grant := range []int{2, 4, 5} {
		decisions = append(decisions, decide(grant, r.Grants[grant].Level, "", ""))
	}
	if result, err = Decide(r, decisions, today); err != nil || result.Counts.Undecided != 2 || result.Counts.Stale != 2 {
		t.Errorf("with the lines appended: got counts %+v (%v), want 2 undecided and 2 stale", result.Counts, err)
	}
	if got := LinesToDecide(r, decisions, result); got != "" {
		t.Errorf("with the lines appended: got more lines\n%s", got)
	}
}
