package review

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// accessTexts returns a description of each element with its access paths.
func accessTexts(all []Access) []string {
	var texts []string
	for _, a := range all {
		var paths []string
		for _, path := range a.Paths {
			paths = append(paths, strings.TrimSpace(fmt.Sprint(path.Level, " ", strings.Join(append([]string{path.Group}, path.Via...), ">"))))
		}
		texts = append(texts, fmt.Sprintf("%s: %s %s %s (%s)", a.Experiment, a.Kind, a.Principal, a.Level, strings.Join(paths, ", ")))
	}
	return texts
}

func user(name string) PrincipalStatus {
	return PrincipalStatus{Kind: KindUser, Name: name, Exists: true}
}

func TestEffectiveAccess(t *testing.T) {
	t.Parallel()
	group := func(name, level string) Grant { return grantOf("/e", KindGroup, name, level, false) }
	direct := func(name, level string) Grant { return grantOf("/e", KindUser, name, level, false) }
	from := func(origin string, g Grant) Grant {
		g.Inherited, g.InheritedFrom = true, origin
		return g
	}
	in := func(group, name string, via ...string) Member { return Member{group, KindUser, name, via} }
	nested := func(group, name string) Member { return Member{group, KindGroup, name, nil} }
	admin := PrincipalStatus{Kind: KindUser, Name: "root", Exists: true, Admin: true}
	for name, c := range map[string]struct {
		r    Review
		p    Principals
		want []string
	}{
		"nothing": {},
		"the highest level of all paths": {
			Review{Grants: []Grant{direct("ana", "CAN_READ"), group("ds", "CAN_EDIT"), group("risk", "CAN_MANAGE")}},
			Principals{Members: []Member{in("ds", "ana"), in("risk", "ana"), in("risk", "ben")}},
			[]string{"/e: user ana CAN_MANAGE (CAN_MANAGE risk, CAN_EDIT ds, CAN_READ)", "/e: user ben CAN_MANAGE (CAN_MANAGE risk)"},
		},
		"nested groups: the shortest path for each group with a grant": {
			Review{Grants: []Grant{group("all", "CAN_READ"), group("team", "CAN_EDIT")}},
			Principals{Members: []Member{in("all", "ana", "division", "team"), in("all", "ana", "team"), in("team", "ana")}},
			[]string{"/e: user ana CAN_EDIT (CAN_EDIT team, CAN_READ all>team)"},
		},
		"members that only the nested group lists": {
			Review{Grants: []Grant{group("all", "CAN_READ")}},
			Principals{Members: []Member{nested("all", "division"), nested("division", "team"), in("team", "ana")}},
			[]string{"/e: user ana CAN_READ (CAN_READ all>division>team)"},
		},
		"a cycle": {
			Review{Grants: []Grant{group("a", "CAN_READ"), group("b", "CAN_EDIT")}},
			Principals{Members: []Member{nested("a", "b"), nested("b", "a"), nested("a", "a"), in("b", "ana")}},
			[]string{"/e: user ana CAN_EDIT (CAN_EDIT b, CAN_READ a>b)"},
		},
		"CAN_EDIT and CAN_RUN have an element each": {
			Review{Grants: []Grant{group("ds", "CAN_EDIT"), direct("ana", "CAN_RUN"), direct("ana", "CAN_READ"), direct("ana", "USE")}},
			Principals{Members: []Member{in("ds", "ana")}},
			[]string{
				"/e: user ana CAN_EDIT (CAN_EDIT ds, USE, CAN_READ)",
				"/e: user ana CAN_RUN (CAN_RUN, CAN_READ)",
			},
		},
		"an unknown level can be high": {
			Review{Grants: []Grant{direct("ana", "CAN_FLY"), direct("ana", "CAN_READ")}}, Principals{},
			[]string{"/e: user ana CAN_READ (CAN_READ)", "/e: user ana CAN_FLY (CAN_FLY)"},
		},
		"groups that cannot be resolved": {
			Review{Grants: []Grant{group("users", "CAN_READ"), group("unknown", "CAN_EDIT"), group("deleted", "CAN_EDIT"),
				group("half", "CAN_READ"), group("empty", "CAN_READ")}},
			Principals{
				Principals: []PrincipalStatus{{Kind: KindGroup, Name: "deleted"}, {Kind: KindGroup, Name: "empty", Exists: true}},
				Members:    []Member{in("users", "eve"), in("half", "ana"), nested("half", "users")},
				Everybody:  []string{"users"}, Incomplete: []Incomplete{{KindGroup, "half"}},
			},
			[]string{
				"/e: group deleted CAN_EDIT (CAN_EDIT)", "/e: group half CAN_READ (CAN_READ)", "/e: group unknown CAN_EDIT (CAN_EDIT)",
				"/e: group users CAN_READ (CAN_READ, CAN_READ half)", "/e: user ana CAN_READ (CAN_READ half)",
			},
		},
		"DENY overrides all levels except those of admins": {
			Review{DefaultLevel: "CAN_READ", Grants: []Grant{
				direct("ana", "CAN_MANAGE"), group("banned", "DENY"), from("admin", direct("root", "CAN_MANAGE")),
				from("workspace", group("owners", "CAN_MANAGE")),
			}},
			Principals{
				Principals: []PrincipalStatus{user("ana"), admin, user("olga"), user("zoe")},
				Members:    []Member{in("banned", "ana"), in("banned", "root"), in("banned", "olga"), in("owners", "olga")},
			},
			[]string{
				"/e: user ana DENY (DENY banned, CAN_MANAGE)", "/e: user olga CAN_MANAGE (CAN_MANAGE owners, CAN_READ, DENY banned)",
				"/e: user root CAN_MANAGE (CAN_MANAGE, CAN_READ, DENY banned)", "/e: user zoe CAN_READ (CAN_READ)",
			},
		},
		"DENY overrides CAN_MANAGE on every experiment": {
			Review{Grants: []Grant{from("every experiment", direct("ana", "CAN_MANAGE")), direct("ana", "DENY")}}, Principals{},
			[]string{"/e: user ana DENY (DENY, CAN_MANAGE)"},
		},
		"an admin has no grant": {
			Review{Experiments: []Experiment{{ID: "1", Name: "/e"}}}, Principals{Principals: []PrincipalStatus{admin, user("ana")}},
			[]string{"/e: user root CAN_MANAGE (CAN_MANAGE)"},
		},
		"the default level applies to every existing user": {
			Review{DefaultLevel: "CAN_READ", Grants: []Grant{direct("ana", "USE"), direct("none", "NO_PERMISSIONS"),
				group("ds", "CAN_EDIT"), direct("ghost", "CAN_EDIT")}},
			Principals{Principals: []PrincipalStatus{user("zoe"), {Kind: KindUser, Name: "ghost"}}, Members: []Member{in("ds", "ben")}},
			[]string{
				"/e: user ana USE (USE, CAN_READ)", "/e: user ben CAN_EDIT (CAN_EDIT ds, CAN_READ)", "/e: user ghost CAN_EDIT (CAN_EDIT)",
				"/e: user none NO_PERMISSIONS (NO_PERMISSIONS)", "/e: user zoe CAN_READ (CAN_READ)",
			},
		},
		"a default level that allows nothing": {
			Review{DefaultLevel: "NO_PERMISSIONS", Experiments: []Experiment{{Name: "/e"}}},
			Principals{Principals: []PrincipalStatus{user("zoe")}}, nil,
		},
		"duplicate grants": {
			Review{Grants: []Grant{direct("ana", "CAN_READ"), direct("ana", "CAN_READ"), from("/Shared", direct("ana", "CAN_READ"))}},
			Principals{},
			[]string{"/e: user ana CAN_READ (CAN_READ, CAN_READ)"},
		},
	} {
		if got := accessTexts(EffectiveAccess(c.r, c.p)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestEffectiveAccess_fields checks every field of the elements and of their access paths, also for experiments with the same name.
func TestEffectiveAccess_fields(t *testing.T) {
	t.Parallel()
	r := Review{Grants: []Grant{
		{ExperimentID: "2", Experiment: "/e", Kind: KindServicePrincipal, Principal: "6f1c", DisplayName: "deployer", Level: "CAN_EDIT"},
		{ExperimentID: "1", Experiment: "/e", Kind: KindGroup, Principal: "ci", Level: "CAN_RUN", Inherited: true, InheritedFrom: "/Shared",
			InheritedFromID: "/directories/7"},
	}}
	p := Principals{
		Principals: []PrincipalStatus{{Kind: KindServicePrincipal, Name: "7a2b", DisplayName: "tester", Exists: true}},
		Members:    []Member{{Group: "ci", Kind: KindServicePrincipal, Name: "7a2b", Via: []string{"bots"}}},
	}
	want := []Access{
		{"1", "/e", KindServicePrincipal, "7a2b", "tester", "CAN_RUN",
			[]AccessPath{{"CAN_RUN", "ci", []string{"bots"}, true, "/Shared", SourceGrant}}},
		{"2", "/e", KindServicePrincipal, "6f1c", "deployer", "CAN_EDIT", []AccessPath{{Level: "CAN_EDIT", Source: SourceGrant}}},
	}
	if got := EffectiveAccess(r, p); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// The result does not depend on the order of the arguments, and the arguments are not changed.
func TestEffectiveAccess_deterministic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		_, p := randomReview(seed)
		r := inconsistentReview(seed)
		want := EffectiveAccess(r, p)
		shuffled, principals := shuffle(seed, r), p
		principals.Members, principals.Principals = shuffledList(seed, p.Members), shuffledList(seed, p.Principals)
		if got := EffectiveAccess(shuffled, principals); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: got in another order\n%+v\nwant\n%+v", seed, got, want)
		}
		if _, before := randomReview(seed); !reflect.DeepEqual(r, inconsistentReview(seed)) || !reflect.DeepEqual(p, before) {
			t.Fatalf("seed %d: EffectiveAccess changed its arguments", seed)
		}
	}
}

// hostileReview returns a review and principals with the lines of a text as names.
func hostileReview(text string) (Review, Principals) {
	names := strings.Split(text, "\n")
	at := func(i int) string { return names[i%len(names)] }
	r := Review{DefaultLevel: at(2)}
	var p Principals
	for i := range min(len(names), 12) {
		kind := []string{KindGroup, KindUser, at(i + 3)}[i%3]
		r.Grants = append(r.Grants, Grant{
			Experiment: at(i), ExperimentID: at(i + 1), Kind: kind, Principal: at(i / 2), Level: at(i + 1), Inherited: i%2 == 0,
			InheritedFrom: at(i + 2),
		})
		p.Members = append(p.Members, Member{Group: at(i / 2), Kind: kind, Name: at(i + 1),
			Via: names[i%len(names) : min(i%len(names)+i%3, len(names))]})
		p.Principals = append(p.Principals, PrincipalStatus{Kind: kind, Name: at(i), Exists: i%3 > 0})
	}
	if len(names) > 5 {
		p.Everybody, p.Incomplete = names[5:6], []Incomplete{{Kind: at(4), Name: at(5)}}
	}
	return r, p
}

func FuzzEffectiveAccess(f *testing.F) {
	f.Add("")
	f.Add("CAN_READ\nCAN_EDIT\nDENY\na\na\ngroup\n\nCAN_RUN")
	f.Add(strings.Join(hostileNames, "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		r, p := hostileReview(text)
		expectModel(t, r, p)
	})
}

// A cycle of groups results in as many access paths as it has members.
func TestEffectiveAccess_longChain(t *testing.T) {
	t.Parallel()
	const length = 3000
	var p Principals
	for i := range length {
		p.Members = append(p.Members, Member{Group: fmt.Sprint("g", i), Kind: KindGroup, Name: fmt.Sprint("g", (i+1)%length)})
	}
	p.Members = append(p.Members, Member{Group: fmt.Sprint("g", length-1), Kind: KindUser, Name: "ana"})
	got := EffectiveAccess(Review{Grants: []Grant{grantOf("/e", KindGroup, "g0", "CAN_READ", false)}}, p)
	if len(got) != 1 || got[0].Principal != "ana" || len(got[0].Paths) != 1 || len(got[0].Paths[0].Via) != length-1 {
		t.Errorf("got %d elements, want 1 for ana with one access path through %d groups", len(got), length)
	}
}
