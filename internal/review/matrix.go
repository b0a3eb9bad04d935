package review

import (
	"maps"
	"slices"
)

// Matrix is a table of permission levels with a row for each experiment and a column for each principal. Its order does not depend on the
// order of the grants.
type Matrix struct {
	review       Review
	rows         []*row
	columns      []namedPrincipal
	unreadable   []Unreadable
	defaultLevel string
}

// row is an experiment.
type row struct {
	experimentGrants

	cells map[principal]cell
}

// cell is the access of a principal to an experiment.
type cell struct {
	// shown are the grants that determine the levels, the highest first: one, or those of CAN_EDIT and CAN_RUN, which do not include each
	// other.
	shown []Grant
	// grants describe all grants.
	grants []string
}

// NewMatrix returns the matrix of a review. If a principal has several grants on an experiment, the matrix shows the effective one, or the
// highest one if none is marked as effective. It shows both CAN_EDIT and CAN_RUN, because neither is higher.
func NewMatrix(r Review) *Matrix {
	m := &Matrix{review: r, unreadable: sortedUnreadable(r.Unreadable)}
	if r.DefaultLevel != levelNone { // it allows nothing
		m.defaultLevel = r.DefaultLevel
	}
	for _, e := range groupByExperiment(r) {
		cells := map[principal]cell{}
		for grants := e.grants; len(grants) > 0; {
			var own []Grant
			own, grants = cutFirstPrincipal(grants)
			described := describeAll(own)
			slices.Sort(described)
			cells[own[0].principal()] = cell{highestGrants(own), described}
		}
		m.rows = append(m.rows, &row{e, cells})
	}
	names := displayNames(r.Grants)
	for _, p := range slices.SortedFunc(maps.Keys(names), comparePrincipals) {
		m.columns = append(m.columns, namedPrincipal{p, names[p]})
	}
	return m
}

// highestGrants returns the grants of one principal on one experiment that the matrix shows: of the effective ones, if there are any, one
// for each of the [highestLevels], a direct one if possible. Unknown levels are not shown next to a known one. The grants are sorted by
// [compareGrants].
func highestGrants(grants []Grant) []Grant {
	if slices.ContainsFunc(grants, func(g Grant) bool { return g.Effective }) {
		grants = slices.DeleteFunc(slices.Clone(grants), func(g Grant) bool { return !g.Effective })
	}
	levels := make([]string, len(grants))
	for i, g := range grants {
		levels[i] = g.Level
	}
	var shown []Grant
	for _, level := range highestLevels(levels) {
		if len(shown) == 0 || level == levelRun {
			i := slices.IndexFunc(grants, func(g Grant) bool { return g.Level == level })
			shown = append(shown, grants[i])
		}
	}
	return shown
}

// levels returns the levels that are shown, the highest first.
func (m *Matrix) levels() []string {
	found := map[string]bool{}
	for _, r := range m.rows {
		for _, c := range r.cells {
			for _, g := range c.shown {
				found[g.Level] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), compareLevels)
}
