package review

import "slices"

// groupIndex resolves groups to the principals in them. It is not safe for concurrent use.
type groupIndex struct {
	// direct are the direct members of each group, sorted.
	direct map[string][]principal
	// known are the groups whose members, if any, are listed.
	known map[string]bool
	// incomplete are the groups that can have more members than are listed. If it contains "", all groups can.
	incomplete map[string]bool
	// everybody are the groups whose members are not resolved.
	everybody map[string]bool
	// resolved are the results of resolve.
	resolved map[string][]groupMember
}

// groupMember is a principal that a group contains.
type groupMember struct {
	principal
	// via are the nested groups, the outermost first. It is shared and must not be changed.
	via []string
}

func newGroupIndex(p Principals) *groupIndex {
	x := &groupIndex{
		direct: map[string][]principal{}, known: map[string]bool{}, incomplete: map[string]bool{}, everybody: map[string]bool{},
		resolved: map[string][]groupMember{},
	}
	for _, m := range p.Members {
		group := m.Group
		for _, nested := range m.Via { // each of these groups is a member of the one before
			x.add(group, principal{KindGroup, nested})
			group = nested
		}
		x.add(group, principal{m.Kind, m.Name})
	}
	for group, members := range x.direct {
		slices.SortFunc(members, comparePrincipals)
		x.direct[group] = slices.Compact(members)
	}
	for _, s := range p.Principals {
		if s.Kind == KindGroup && s.Exists {
			x.known[s.Name] = true
		}
	}
	for _, i := range p.Incomplete {
		if i.Kind == KindGroup || i.Kind == "" {
			x.incomplete[i.Name] = true
		}
	}
	for _, group := range p.Everybody {
		x.everybody[group] = true
	}
	return x
}

func (x *groupIndex) add(group string, member principal) {
	x.direct[group] = append(x.direct[group], member)
	x.known[group] = true
	if member.kind == KindGroup {
		x.known[member.name] = true
	}
}

// isUnresolved reports whether a group has members that are not listed, or can have some.
func (x *groupIndex) isUnresolved(group string) bool {
	return !x.known[group] || x.everybody[group] || x.incomplete[group] || x.incomplete[""]
}

// nestedGroup is the resolved group, or a group in it.
type nestedGroup struct {
	group string
	// outer is the index of the group around it. It is -1 for the group that is resolved.
	outer int
}

// resolve returns the principals in a group, each with a shortest path. It includes a nested group only if the group is unresolved, and
// never the group itself.
func (x *groupIndex) resolve(group string) []groupMember {
	if found, ok := x.resolved[group]; ok {
		return found
	}
	var found []groupMember
	steps, seen := []nestedGroup{{group, -1}}, map[principal]bool{{KindGroup, group}: true}
	for i := 0; i < len(steps); i++ {
		at := len(found)
		if x.everybody[steps[i].group] {
			continue
		}
		for _, p := range x.direct[steps[i].group] {
			if seen[p] {
				continue
			}
			seen[p] = true
			if p.kind == KindGroup {
				steps = append(steps, nestedGroup{p.name, i})
			}
			if p.kind != KindGroup || x.isUnresolved(p.name) {
				found = append(found, groupMember{principal: p})
			}
		}
		if at < len(found) {
			via := nestedPath(steps, i)
			for ; at < len(found); at++ {
				found[at].via = via
			}
		}
	}
	x.resolved[group] = found
	return found
}

// nestedPath returns a nested group and those around it, except the first one.
func nestedPath(steps []nestedGroup, i int) []string {
	var via []string
	for ; i > 0; i = steps[i].outer {
		via = append(via, steps[i].group)
	}
	slices.Reverse(via)
	return via
}
