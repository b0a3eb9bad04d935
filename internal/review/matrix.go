package review

import (
	"cmp"
	"maps"
	"slices"
)

// Matrix is a table of permission levels with a row for each experiment and a column for each principal. Its order does not depend on the
// order of the grants.
type Matrix struct {
	review       Review
	rows         []row
	columns      []namedPrincipal
	cells        map[row]map[principal]cell
	unreadable   []Unreadable
	defaultLevel string
}

// row is an experiment. The ID can be empty.
type row struct{ name, id string }

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
	m := &Matrix{review: r, cells: map[row]map[principal]cell{}, unreadable: sortedUnreadable(r.Unreadable)}
	if r.DefaultLevel != levelNone { // it allows nothing
		m.defaultLevel = r.DefaultLevel
	}
	for _, e := range r.Experiments {
		m.cells[row{e.Name, e.ID}] = map[principal]cell{}
	}
	for _, g := range r.Grants {
		e, p := row{g.Experiment, g.ExperimentID}, g.principal()
		if m.cells[e] == nil {
			m.cells[e] = map[principal]cell{}
		}
		c := m.cells[e][p]
		c.shown = highestGrants(append(c.shown, g))
		c.grants = append(c.grants, g.describe())
		slices.Sort(c.grants)
		m.cells[e][p] = c
	}
	m.rows = slices.SortedFunc(maps.Keys(m.cells), func(a, b row) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
	})
	names := displayNames(r.Grants)
	for _, p := range slices.SortedFunc(maps.Keys(names), comparePrincipals) {
		m.columns = append(m.columns, namedPrincipal{p, names[p]})
	}
	return m
}

// highestGrants returns the grants of one principal on one experiment that the matrix shows. It sorts the grants.
func highestGrants(grants []Grant) []Grant {
	slices.SortFunc(grants, func(a, b Grant) int {
		return cmp.Or(trueFirst(a.Effective, b.Effective), compareLevels(a.Level, b.Level), trueFirst(!a.Inherited, !b.Inherited),
			cmp.Compare(a.InheritedFrom, b.InheritedFrom))
	})
	shown := grants[:1:1]
	if grants[0].Level == levelEdit {
		run := slices.IndexFunc(grants, func(g Grant) bool { return g.Level == levelRun && g.Effective == grants[0].Effective })
		if run >= 0 {
			shown = append(shown, grants[run])
		}
	}
	return shown
}

// levels returns the levels that are shown, the highest first.
func (m *Matrix) levels() []string {
	found := map[string]bool{}
	for _, cells := range m.cells {
		for _, c := range cells {
			for _, g := range c.shown {
				found[g.Level] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), compareLevels)
}
