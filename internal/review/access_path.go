package review

import (
	"cmp"
	"slices"
	"strings"
)

// AccessPath is a grant, the right of an admin, or the default level, through which a principal has a level on an experiment.
type AccessPath struct {
	Level string
	// Group is the name of the group that has the grant. It is empty if the grant is to the principal itself.
	Group string
	// Via are the names of the groups between Group and the principal, the outermost first. It is empty for a direct member.
	Via []string
	// Inherited and InheritedFrom are those of the grant.
	Inherited     bool
	InheritedFrom string
	// Source is [SourceGrant], [SourceAdmin], or [SourceDefault].
	Source string
}

// String describes the access path, for example "CAN_EDIT through retail > retail-leads, inherited from /Projects/retail".
func (p AccessPath) String() string {
	switch {
	case p.Source == SourceDefault:
		return p.Level + " by default"
	case p.Source == SourceAdmin:
		return p.Level + p.adminText() + p.groupText()
	case p.Inherited && p.Group == "":
		return p.Level + " " + inheritedText(p.InheritedFrom)
	case p.Inherited:
		return p.Level + p.groupText() + ", " + inheritedText(p.InheritedFrom)
	case p.Group == "":
		return p.Level + " directly"
	default:
		return p.Level + p.groupText()
	}
}

// groupText describes the groups of the access path.
func (p AccessPath) groupText() string {
	if p.Group == "" {
		return ""
	}
	return " through " + strings.Join(append([]string{p.Group}, p.Via...), " > ")
}

// adminText describes which admins of an MLflow server have the right.
func (p AccessPath) adminText() string {
	switch p.InheritedFrom {
	case fromAdmin:
		return " as a server admin"
	case fromWorkspace:
		return " as a manager of the MLflow workspace"
	default:
		return " as an admin"
	}
}

// The values of Source of an [AccessPath].
const (
	// SourceGrant is a grant.
	SourceGrant = "grant"
	// SourceAdmin is the right of a server admin, or of a manager of the MLflow workspace. DENY does not override it.
	SourceAdmin = "admin"
	// SourceDefault is the default level of an MLflow server.
	SourceDefault = "default"
)

// The values of InheritedFrom for the rights of server admins and of managers of the MLflow workspace.
const (
	fromAdmin     = "admin"
	fromWorkspace = "workspace"
)

// accessPath returns the access path of the principal of a grant.
func (g Grant) accessPath() AccessPath {
	p := AccessPath{Level: g.Level, Inherited: g.Inherited, InheritedFrom: g.InheritedFrom, Source: SourceGrant}
	if from := g.origin(); g.Inherited && g.Level == levelManage && (from == fromAdmin || from == fromWorkspace) {
		p.Source = SourceAdmin
	}
	return p
}

// compareAccessPaths sorts from the highest to the lowest level, and grants to the principal itself before those to its groups.
func compareAccessPaths(a, b AccessPath) int {
	if a.Level != b.Level {
		return compareLevels(a.Level, b.Level)
	}
	return cmp.Or(cmp.Compare(a.Group, b.Group), trueFirst(!a.Inherited, !b.Inherited), cmp.Compare(a.InheritedFrom, b.InheritedFrom),
		cmp.Compare(a.Source, b.Source), slices.Compare(a.Via, b.Via))
}
