package review

import (
	"maps"
	"slices"
)

// Access is the level that a principal has on an experiment, and all the ways in which it has it.
type Access struct {
	// ExperimentID can be empty.
	ExperimentID string
	// Experiment is the name of the experiment.
	Experiment string
	// Kind is [KindUser], [KindServicePrincipal], or the kind of a principal that cannot be resolved to its members.
	Kind string
	// Principal is the name of the principal.
	Principal string
	// DisplayName can be empty.
	DisplayName string
	// Level is the effective level.
	Level string
	// Ways has the ways of Level first.
	Ways []Way
}

// EffectiveAccess returns who has which level on which experiment, sorted by experiment and principal. Groups are resolved to their members:
// every user and service principal with access to an experiment has one line with the highest level, whatever the number of ways. Levels that do
// not include each other, such as CAN_EDIT and CAN_RUN, have a line each. A group has a line of its own if it contains everybody, or if its members
// are unknown or incomplete; the members that are known have their own lines, too, unless it contains everybody. Principals that do not exist or are
// inactive keep their lines.
//
// DENY outweighs every other level except that of an admin. The default level is that of every known user without a higher level, unless DENY
// or NO_PERMISSIONS is the only level of the user. Experiments that could not be read have no lines.
func EffectiveAccess(r Review, p Principals) []Access {
	experiments := groupByExperiment(r)
	x := newAccessIndex(experiments, p)
	if allowsNothing(r.DefaultLevel) {
		r.DefaultLevel = ""
	}
	var all []Access
	for _, e := range experiments {
		for _, g := range e.grants {
			x.addGrant(g)
		}
		for _, i := range x.admins {
			x.add(i, Way{Level: levelManage, Inherited: true, InheritedFrom: fromAdmin, Source: SourceAdmin})
		}
		if r.DefaultLevel != "" {
			for _, i := range x.users {
				x.add(i, Way{Level: r.DefaultLevel, Inherited: true, Source: SourceDefault})
			}
		}
		all = x.appendEntries(all, e.Experiment)
	}
	return all
}

// accessIndex collects the ways to one experiment after the other.
type accessIndex struct {
	groups *groupIndex
	// principals are all that can have access, sorted.
	principals []namedPrincipal
	index      map[principal]int
	// admins and users are the indexes of the server admins, and of the users that have the default level.
	admins, users []int
	// members are the indexes of the principals that [groupIndex.resolve] returns for a group.
	members map[string][]int
	// ways are those of each principal on the current experiment, and withAccess the indexes of the principals that have any.
	ways       [][]Way
	withAccess []int
}

func newAccessIndex(experiments []experimentGrants, p Principals) *accessIndex {
	x := &accessIndex{groups: newGroupIndex(p), index: map[principal]int{}, members: map[string][]int{}}
	names, exists := map[principal]string{}, map[principal]bool{}
	for _, e := range experiments {
		for _, g := range e.grants {
			names[g.principal()], exists[g.principal()] = g.DisplayName, true // one display name for each principal
		}
	}
	for _, members := range x.groups.direct {
		for _, member := range members {
			if _, there := names[member]; !there {
				names[member] = ""
			}
			exists[member] = true
		}
	}
	stated, admin := map[principal]bool{}, map[principal]bool{}
	for _, s := range p.Principals {
		id := principal{s.Kind, s.Name}
		names[id] = max(names[id], s.DisplayName)
		exists[id] = s.Exists || stated[id] && exists[id]
		stated[id] = true
		admin[id] = admin[id] || s.Exists && s.Admin
	}
	for i, id := range slices.SortedFunc(maps.Keys(names), comparePrincipals) {
		x.principals = append(x.principals, namedPrincipal{id, names[id]})
		x.index[id] = i
		if admin[id] {
			x.admins = append(x.admins, i)
		}
		if id.kind == KindUser && exists[id] {
			x.users = append(x.users, i)
		}
	}
	x.ways = make([][]Way, len(x.principals))
	return x
}

// add adds a way of a principal to the current experiment.
func (x *accessIndex) add(i int, w Way) {
	if len(x.ways[i]) == 0 {
		x.withAccess = append(x.withAccess, i)
	}
	x.ways[i] = append(x.ways[i], w)
}

// addGrant adds the ways that a grant opens.
func (x *accessIndex) addGrant(g Grant) {
	w := g.way()
	if g.Kind != KindGroup {
		x.add(x.index[g.principal()], w)
		return
	}
	if x.groups.isUnresolved(g.Principal) {
		x.add(x.index[g.principal()], w)
	}
	found := x.groups.resolve(g.Principal)
	indexes, known := x.members[g.Principal]
	if !known {
		for _, member := range found {
			indexes = append(indexes, x.index[member.principal])
		}
		x.members[g.Principal] = indexes
	}
	w.Group = g.Principal
	for i, member := range found {
		w.Via = member.via
		x.add(indexes[i], w)
	}
}

// appendEntries appends the lines of the current experiment, and resets the index for the next one.
func (x *accessIndex) appendEntries(all []Access, e Experiment) []Access {
	slices.Sort(x.withAccess)
	for _, i := range x.withAccess {
		ways := x.ways[i]
		slices.SortFunc(ways, compareWays)
		ways = slices.CompactFunc(ways, func(a, b Way) bool { return compareWays(a, b) == 0 })
		levels, ways := effectiveLevels(ways)
		for _, level := range levels {
			p := x.principals[i]
			all = append(all, Access{
				ExperimentID: e.ID, Experiment: e.Name, Kind: p.kind, Principal: p.name, DisplayName: p.displayName,
				Level: level, Ways: waysForLevel(level, levels, ways),
			})
		}
		x.ways[i] = x.ways[i][:0] // the lines have copies
	}
	x.withAccess = x.withAccess[:0]
	return all
}

// effectiveLevels returns the effective levels of a principal from its ways, and the ways that count or are outweighed: a default level that does
// not apply is not one of them.
func effectiveLevels(ways []Way) (levels []string, relevant []Way) {
	denied, admin, allowed := false, false, false
	for _, w := range ways {
		denied = denied || w.Level == levelDeny
		admin = admin || w.Source == SourceAdmin
		allowed = allowed || w.Source != SourceDefault && !allowsNothing(w.Level)
	}
	granted := slices.ContainsFunc(ways, func(w Way) bool { return w.Source != SourceDefault })
	if denied && !admin || granted && !allowed {
		ways = slices.DeleteFunc(ways, func(w Way) bool { return w.Source == SourceDefault })
	}
	if denied && !admin {
		return []string{levelDeny}, ways
	}
	for _, w := range ways {
		if len(levels) == 0 || levels[len(levels)-1] != w.Level {
			levels = append(levels, w.Level)
		}
	}
	if len(levels) == 1 {
		return levels, ways
	}
	return highestLevels(levels), ways
}

// waysForLevel returns a copy of the ways of one of the levels, those with exactly that level first. Ways that only another of the levels includes are left out.
func waysForLevel(level string, levels []string, ways []Way) []Way {
	if len(levels) == 1 && ways[0].Level == level {
		return slices.Clone(ways)
	}
	var exact, others []Way
	for _, w := range ways {
		covers := func(l string) bool { return includesLevel(l, w.Level) }
		if w.Level == level {
			exact = append(exact, w)
		} else if includesLevel(level, w.Level) || !slices.ContainsFunc(levels, covers) {
			others = append(others, w)
		}
	}
	return append(exact, others...)
}
