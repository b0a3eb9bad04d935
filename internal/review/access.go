package review

import (
	"maps"
	"slices"
)

// Access is an effective level of a principal on an experiment, with the access paths of the principal.
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
	// Paths are the access paths, those with Level first.
	Paths []AccessPath
}

// EffectiveAccess returns the effective levels of every principal on every experiment, sorted by experiment and principal. It resolves
// groups to their members: a user or service principal has one element per experiment, with the highest level of all its access paths.
// Levels that do not include each other, such as CAN_EDIT and CAN_RUN, have an element each. A group has an element if it contains all
// users, or if its members are unknown or incomplete. The known members of an incomplete group have elements, too. Principals that do not
// exist or are inactive are included.
//
// DENY overrides every level except that of an admin. The default level applies to every known user without a higher level, unless DENY or
// NO_PERMISSIONS is the only level of the user. Experiments that could not be read have no elements.
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
			x.add(i, AccessPath{Level: levelManage, Inherited: true, InheritedFrom: fromAdmin, Source: SourceAdmin})
		}
		if r.DefaultLevel != "" {
			for _, i := range x.users {
				x.add(i, AccessPath{Level: r.DefaultLevel, Inherited: true, Source: SourceDefault})
			}
		}
		all = x.appendEntries(all, e.Experiment)
	}
	return all
}

// accessIndex collects the access paths on one experiment at a time.
type accessIndex struct {
	groups *groupIndex
	// principals are all that can have access, sorted.
	principals []namedPrincipal
	index      map[principal]int
	// admins and users are the indexes of the server admins, and of the users that have the default level.
	admins, users []int
	// members are the indexes of the principals that [groupIndex.resolve] returns for a group.
	members map[string][]int
	// paths are the access paths of each principal on the current experiment. withAccess are the indexes of the principals that have any.
	paths      [][]AccessPath
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
			if _, ok := names[member]; !ok {
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
	x.paths = make([][]AccessPath, len(x.principals))
	return x
}

// add adds an access path of a principal on the current experiment.
func (x *accessIndex) add(i int, path AccessPath) {
	if len(x.paths[i]) == 0 {
		x.withAccess = append(x.withAccess, i)
	}
	x.paths[i] = append(x.paths[i], path)
}

// addGrant adds the access paths that result from a grant.
func (x *accessIndex) addGrant(g Grant) {
	path := g.accessPath()
	if g.Kind != KindGroup {
		x.add(x.index[g.principal()], path)
		return
	}
	if x.groups.isUnresolved(g.Principal) {
		x.add(x.index[g.principal()], path)
	}
	found := x.groups.resolve(g.Principal)
	indexes, known := x.members[g.Principal]
	if !known {
		for _, member := range found {
			indexes = append(indexes, x.index[member.principal])
		}
		x.members[g.Principal] = indexes
	}
	path.Group = g.Principal
	for i, member := range found {
		path.Via = member.via
		x.add(indexes[i], path)
	}
}

// appendEntries appends the access on the current experiment, and resets the index for the next one.
func (x *accessIndex) appendEntries(all []Access, e Experiment) []Access {
	slices.Sort(x.withAccess)
	for _, i := range x.withAccess {
		paths := x.paths[i]
		slices.SortFunc(paths, compareAccessPaths)
		paths = slices.CompactFunc(paths, func(a, b AccessPath) bool { return compareAccessPaths(a, b) == 0 })
		levels, paths := effectiveLevels(paths)
		for _, level := range levels {
			p := x.principals[i]
			all = append(all, Access{
				ExperimentID: e.ID, Experiment: e.Name, Kind: p.kind, Principal: p.name, DisplayName: p.displayName,
				Level: level, Paths: pathsForLevel(level, levels, paths),
			})
		}
		x.paths[i] = x.paths[i][:0] // the elements have copies
	}
	x.withAccess = x.withAccess[:0]
	return all
}

// effectiveLevels returns the effective levels of a principal, and its access paths without a default level that does not apply.
func effectiveLevels(paths []AccessPath) (levels []string, relevant []AccessPath) {
	denied, admin, allowed := false, false, false
	for _, path := range paths {
		denied = denied || path.Level == levelDeny
		admin = admin || path.Source == SourceAdmin
		allowed = allowed || path.Source != SourceDefault && !allowsNothing(path.Level)
	}
	granted := slices.ContainsFunc(paths, func(path AccessPath) bool { return path.Source != SourceDefault })
	if denied && !admin || granted && !allowed {
		paths = slices.DeleteFunc(paths, func(path AccessPath) bool { return path.Source == SourceDefault })
	}
	if denied && !admin {
		return []string{levelDeny}, paths
	}
	for _, path := range paths {
		if len(levels) == 0 || levels[len(levels)-1] != path.Level {
			levels = append(levels, path.Level)
		}
	}
	if len(levels) == 1 {
		return levels, paths
	}
	return highestLevels(levels), paths
}

// pathsForLevel returns a copy of the access paths for one of the levels, those with exactly that level first. It omits access paths with
// a level that only another of the levels includes.
func pathsForLevel(level string, levels []string, paths []AccessPath) []AccessPath {
	if len(levels) == 1 && paths[0].Level == level {
		return slices.Clone(paths)
	}
	var exact, others []AccessPath
	for _, path := range paths {
		covers := func(l string) bool { return includesLevel(l, path.Level) }
		if path.Level == level {
			exact = append(exact, path)
		} else if includesLevel(level, path.Level) || !slices.ContainsFunc(levels, covers) {
			others = append(others, path)
		}
	}
	return append(exact, others...)
}
