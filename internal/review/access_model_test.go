package review

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// rightsOf returns the rights that a level allows, one letter each. It is an independent model: a level includes another one if it allows
// all its rights.
func rightsOf(level string) string {
	known := map[string]string{
		"CAN_READ": "r", "USE": "ru", "CAN_RUN": "rx", "CAN_EDIT": "rue", "CAN_MANAGE": "ruxem", "DENY": "", "NO_PERMISSIONS": "",
	}
	if rights, ok := known[level]; ok {
		return rights
	}
	return "?" + level
}

func allows(rights, others string) bool {
	if strings.HasPrefix(others, "?") || strings.HasPrefix(rights, "?") {
		return rights == others || others == ""
	}
	return strings.Trim(others, rights) == ""
}

// model computes effective access for each pair of principal and experiment, without an index.
type model struct {
	r Review
	p Principals
	// contains has the pairs of a group and a direct member, and depth the number of groups between a group and any member.
	contains map[[3]string]bool
	depth    map[[3]string]int
}

func newModel(r Review, p Principals) *model {
	m := &model{r: r, p: p, contains: map[[3]string]bool{}, depth: map[[3]string]int{}}
	for _, member := range p.Members {
		groups := append([]string{member.Group}, member.Via...)
		for i := 1; i < len(groups); i++ {
			m.contains[[3]string{groups[i-1], "group", groups[i]}] = true
		}
		m.contains[[3]string{groups[len(groups)-1], member.Kind, member.Name}] = true
	}
	for pair := range m.contains {
		if !slices.Contains(p.Everybody, pair[0]) {
			m.depth[pair] = 0
		}
	}
	for changed := true; changed; {
		changed = false
		for outer, a := range m.depth {
			for inner, b := range m.depth {
				whole := [3]string{outer[0], inner[1], inner[2]}
				old, found := m.depth[whole]
				if outer[1] == "group" && outer[2] == inner[0] && (!found || a+b+1 < old) {
					m.depth[whole] = a + b + 1
					changed = true
				}
			}
		}
	}
	return m
}

// isUnresolved reports whether a group can have members that are not listed.
func (m *model) isUnresolved(group string) bool {
	for _, i := range m.p.Incomplete {
		if (i.Kind == "" || i.Kind == "group") && (i.Name == "" || i.Name == group) {
			return true
		}
	}
	known := slices.ContainsFunc(m.p.Principals, func(s PrincipalStatus) bool { return s.Kind == "group" && s.Name == group && s.Exists })
	for pair := range m.contains {
		known = known || pair[0] == group || pair[1] == "group" && pair[2] == group
	}
	return !known || slices.Contains(m.p.Everybody, group)
}

func (m *model) sameExperiment(id, name string, g Grant) bool {
	if id != "" || g.ExperimentID != "" {
		return id == g.ExperimentID
	}
	return name == g.Experiment
}

// isUser reports whether a principal is a user that has the default level.
func (m *model) isUser(kind, name string) bool {
	stated, exists := false, false
	for _, s := range m.p.Principals {
		if s.Kind == kind && s.Name == name {
			stated, exists = true, exists || s.Exists
		}
	}
	return kind == "user" && (!stated || exists)
}

// paths returns descriptions of the access paths of a principal on an experiment, and its effective levels.
func (m *model) paths(id, name, kind, principal string) (paths map[string]bool, levels []string) {
	paths = map[string]bool{}
	levelSet, admin, granted := map[string]bool{}, false, false
	add := func(g Grant, group string, depth int) {
		source := "grant"
		if g.Inherited && g.Level == "CAN_MANAGE" && (g.InheritedFrom == "admin" || g.InheritedFrom == "workspace") {
			source, admin = "admin", true
		}
		from := g.InheritedFrom
		if !g.Inherited {
			from = ""
		}
		paths[fmt.Sprint(g.Level, group, depth, g.Inherited, from, source)] = true
		levelSet[g.Level], granted = true, true
	}
	for _, g := range m.r.Grants {
		if !m.sameExperiment(id, name, g) {
			continue
		}
		own := g.Kind == kind && g.Principal == principal
		if own && (kind != "group" || m.isUnresolved(principal)) {
			add(g, "", 0)
		}
		depth, inside := m.depth[[3]string{g.Principal, kind, principal}]
		if g.Kind == "group" && inside && !own && (kind != "group" || m.isUnresolved(principal)) {
			add(g, g.Principal, depth)
		}
	}
	for _, s := range m.p.Principals {
		if s.Kind == kind && s.Name == principal && s.Exists && s.Admin {
			add(Grant{Level: "CAN_MANAGE", Inherited: true, InheritedFrom: "admin"}, "", 0)
		}
	}
	positive := slices.ContainsFunc(slices.Collect(maps.Keys(levelSet)), func(l string) bool { return rightsOf(l) != "" })
	denied := levelSet["DENY"] && !admin
	if m.isUser(kind, principal) && m.r.DefaultLevel != "" && rightsOf(m.r.DefaultLevel) != "" && !denied && (!granted || positive) {
		paths[fmt.Sprint(m.r.DefaultLevel, "", 0, true, "", "default")] = true
		levelSet[m.r.DefaultLevel] = true
	}
	return paths, maximal(levelSet, denied)
}

func maximal(levels map[string]bool, denied bool) []string {
	if denied {
		return []string{"DENY"}
	}
	var highest []string
	for a := range levels {
		higher := false
		for b := range levels {
			higher = higher || a != b && allows(rightsOf(b), rightsOf(a)) && (rightsOf(b) != "" || a == "NO_PERMISSIONS")
		}
		if !higher {
			highest = append(highest, a)
		}
	}
	slices.Sort(highest)
	return highest
}

// principals returns all principals in the review or in the list of principals.
func (m *model) principals() map[principal]bool {
	all := map[principal]bool{}
	for _, g := range m.r.Grants {
		all[principal{g.Kind, g.Principal}] = true
	}
	for _, s := range m.p.Principals {
		all[principal{s.Kind, s.Name}] = true
	}
	for pair := range m.contains {
		all[principal{pair[1], pair[2]}] = true
	}
	return all
}

// expectModel checks that [EffectiveAccess] returns exactly the access that the model computes.
func expectModel(t *testing.T, r Review, p Principals) {
	t.Helper()
	m := newModel(r, p)
	type accessKey struct{ id, name, kind, principal string }
	gotLevels, gotPaths := map[accessKey][]string{}, map[accessKey]map[string]bool{}
	experiments := map[[2]string]bool{}
	for _, a := range EffectiveAccess(r, p) {
		at := accessKey{a.ExperimentID, a.Experiment, a.Kind, a.Principal}
		gotLevels[at] = append(gotLevels[at], a.Level)
		if gotPaths[at] == nil {
			gotPaths[at] = map[string]bool{}
		}
		if a.Paths[0].Level != a.Level {
			t.Errorf("%+v: got first access path %v, want level %s", a, a.Paths[0], a.Level)
		}
		for _, path := range a.Paths {
			gotPaths[at][fmt.Sprint(path.Level, path.Group, len(path.Via), path.Inherited, path.InheritedFrom, path.Source)] = true
			m.expectMembership(t, a, path)
		}
	}
	for _, e := range groupByExperiment(r) {
		experiments[[2]string{e.ID, e.Name}] = true
	}
	wantLevels, wantPaths := map[accessKey][]string{}, map[accessKey]map[string]bool{}
	for e := range experiments {
		for p := range m.principals() {
			if paths, levels := m.paths(e[0], e[1], p.kind, p.name); len(levels) > 0 {
				at := accessKey{e[0], e[1], p.kind, p.name}
				wantLevels[at], wantPaths[at] = levels, paths
				slices.Sort(gotLevels[at])
			}
		}
	}
	if !reflect.DeepEqual(gotLevels, wantLevels) {
		t.Fatalf("got levels\n%v, want\n%v\nreview %+v\nprincipals %+v", gotLevels, wantLevels, r, p)
	}
	if !reflect.DeepEqual(gotPaths, wantPaths) {
		t.Fatalf("got access paths\n%v, want\n%v\nreview %+v\nprincipals %+v", gotPaths, wantPaths, r, p)
	}
}

// expectMembership checks that every group of an access path contains the next one.
func (m *model) expectMembership(t *testing.T, a Access, path AccessPath) {
	t.Helper()
	if path.Group == "" {
		return
	}
	group := path.Group
	for _, nested := range path.Via {
		if !m.contains[[3]string{group, "group", nested}] {
			t.Fatalf("%+v: group %q does not contain group %q", a, group, nested)
		}
		group = nested
	}
	if !m.contains[[3]string{group, a.Kind, a.Principal}] {
		t.Fatalf("%+v: group %q does not contain the principal", a, group)
	}
}

func pick(rnd *rand.Rand, values ...string) string { return values[rnd.IntN(len(values))] }

// randomReview returns a small review and its principals, with cycles, duplicates, contradictions, and unknown levels.
func randomReview(seed uint64) (Review, Principals) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	level := func() string {
		return pick(rnd, "CAN_READ", "CAN_EDIT", "CAN_MANAGE", "CAN_RUN", "CAN_READ", "USE", "DENY", "NO_PERMISSIONS", "CAN_FLY",
			"CAN_SWIM")
	}
	anyPrincipal := func() (kind, name string) {
		return pick(rnd, "user", "group", "group", "service_principal"), pick(rnd, "a", "b", "c", "d", "e")
	}
	r := Review{DefaultLevel: pick(rnd, "", "", "CAN_READ", "CAN_EDIT", "NO_PERMISSIONS", "CAN_FLY")}
	for range rnd.IntN(3) {
		id := pick(rnd, "", "1", "2")
		r.Experiments = append(r.Experiments, Experiment{ID: id, Name: "/e" + id})
	}
	for range rnd.IntN(12) {
		id := pick(rnd, "", "1", "2", "3")
		g := Grant{ExperimentID: id, Experiment: "/e" + id, Level: level(), Inherited: rnd.IntN(2) == 0}
		g.Kind, g.Principal = anyPrincipal()
		g.InheritedFrom = pick(rnd, "", "/Shared", "admin", "workspace", "every experiment")
		r.Grants = append(r.Grants, g)
	}
	var p Principals
	for range rnd.IntN(10) {
		m := Member{Group: pick(rnd, "a", "b", "c", "d", "e")}
		m.Kind, m.Name = anyPrincipal()
		for range rnd.IntN(3) {
			m.Via = append(m.Via, pick(rnd, "a", "b", "c", "d", "f"))
		}
		p.Members = append(p.Members, m)
	}
	for range rnd.IntN(4) {
		s := PrincipalStatus{Exists: rnd.IntN(3) > 0, Admin: rnd.IntN(4) == 0}
		s.Kind, s.Name = anyPrincipal()
		if s.Kind == "group" {
			s.Admin = false
		}
		p.Principals = append(p.Principals, s)
	}
	if rnd.IntN(3) == 0 {
		p.Everybody = append(p.Everybody, pick(rnd, "a", "b", "c"))
	}
	if rnd.IntN(3) == 0 {
		p.Incomplete = append(p.Incomplete, Incomplete{Kind: pick(rnd, "group", "group", "user", ""),
			Name: pick(rnd, "a", "b", "c", "d", "")})
	}
	return r, p
}

// TestEffectiveAccess_model compares random reviews with a slow and simple model.
func TestEffectiveAccess_model(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		r, p := randomReview(seed)
		expectModel(t, r, p)
		if t.Failed() {
			t.Fatalf("failed with seed %d", seed)
		}
	}
}

// shuffle returns a review in a random order.
func shuffle(seed uint64, r Review) Review {
	r.Grants, r.Experiments, r.Unreadable = shuffledList(seed, r.Grants), shuffledList(seed, r.Experiments),
		shuffledList(seed, r.Unreadable)
	return r
}

func shuffledList[T any](seed uint64, list []T) []T {
	list = slices.Clone(list)
	rand.New(rand.NewPCG(seed, 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// inconsistentReview returns a random review that contradicts itself: several names for an ID, several owners, several paths for a folder,
// and duplicate grants and experiments.
func inconsistentReview(seed uint64) Review {
	r, _ := randomReview(seed)
	rnd := rand.New(rand.NewPCG(seed, 4))
	for range rnd.IntN(4) {
		id := pick(rnd, "", "1", "2", "4")
		r.Experiments = append(r.Experiments, Experiment{
			ID: id, Name: "/e" + pick(rnd, id, "x"), Owner: pick(rnd, "", "ana", "ben"), LastUpdated: pick(rnd, "", "x"),
			Tags: map[string]string{"a": pick(rnd, "b", "c")},
		})
		r.Unreadable = append(r.Unreadable, Unreadable{ExperimentID: pick(rnd, "", "4", "5"), Experiment: pick(rnd, "/e4", "/e5"),
			Reason: pick(rnd, "a", "b")})
	}
	for i := range r.Grants {
		g := &r.Grants[i]
		g.Experiment = "/e" + pick(rnd, g.ExperimentID, g.ExperimentID, "x")
		g.DisplayName, g.InheritedFromID = pick(rnd, "", "", "A", "B"), pick(rnd, "", "", "/directories/1", "/directories/2")
		g.Effective = rnd.IntN(2) == 0
	}
	for _, g := range r.Grants {
		if rnd.IntN(2) == 0 {
			g.Effective, g.InheritedFrom = rnd.IntN(2) == 0, pick(rnd, g.InheritedFrom, "/Projects")
			r.Grants = append(r.Grants, g)
		}
	}
	r.Unreadable = append(r.Unreadable, r.Unreadable...)
	return r
}
