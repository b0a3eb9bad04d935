package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// experimentKey identifies an experiment by its ID, or by its name if it has no ID.
type experimentKey struct{ id, name string }

func keyOf(id, name string) experimentKey {
	if id != "" {
		return experimentKey{id: id}
	}
	return experimentKey{name: name}
}

// origin identifies the object that a grant is inherited from.
func (g Grant) origin() string { return cmp.Or(g.InheritedFromID, g.InheritedFrom) }

// compareGrants sorts the grants on one experiment by principal, direct ones first. It returns 0 for duplicates.
func compareGrants(a, b Grant) int {
	if c := comparePrincipals(a.principal(), b.principal()); c != 0 {
		return c
	}
	return cmp.Or(trueFirst(!a.Inherited, !b.Inherited), cmp.Compare(a.origin(), b.origin()), compareLevels(a.Level, b.Level))
}

// compareExperiments sorts contradictory data about an experiment, so that the choice between them does not depend on their order.
func compareExperiments(a, b Experiment) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.LastUpdated, b.LastUpdated),
		cmp.Compare(fmt.Sprint(a.Tags), fmt.Sprint(b.Tags)))
}

// experimentGrants is an experiment whose grants could be read.
type experimentGrants struct {
	Experiment

	// grants are sorted by [compareGrants] and without duplicates. They have the name of the experiment, and one display name for each
	// principal.
	grants []Grant
}

// groupByExperiment groups the grants of a review by experiment. The result is sorted by name and ID, and does not depend on the order of
// the review.
func groupByExperiment(r Review) []experimentGrants {
	all := map[experimentKey]*experimentGrants{}
	for _, e := range r.Experiments {
		key := keyOf(e.ID, e.Name)
		if known := all[key]; known == nil {
			all[key] = &experimentGrants{Experiment: e}
		} else if compareExperiments(e, known.Experiment) < 0 {
			known.Experiment = e
		}
	}
	unlisted := map[experimentKey]bool{}
	for _, g := range r.Grants {
		key := keyOf(g.ExperimentID, g.Experiment)
		e := all[key]
		if e == nil {
			e = &experimentGrants{Experiment: Experiment{ID: g.ExperimentID, Name: g.Experiment}}
			all[key], unlisted[key] = e, true
		}
		if unlisted[key] {
			e.Name = min(e.Name, g.Experiment)
		}
		e.grants = append(e.grants, g)
	}
	names := displayNames(r.Grants)
	sorted := make([]experimentGrants, 0, len(all))
	for _, e := range slices.SortedFunc(maps.Values(all), func(a, b *experimentGrants) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	}) {
		e.normalize(names)
		sorted = append(sorted, *e)
	}
	return sorted
}

// normalize sorts the grants and removes duplicates.
func (e *experimentGrants) normalize(names map[principal]string) {
	for i := range e.grants {
		g := &e.grants[i]
		g.Experiment, g.ExperimentID, g.DisplayName = e.Name, e.ID, names[g.principal()]
		if !g.Inherited {
			g.InheritedFrom, g.InheritedFromID = "", ""
		}
	}
	slices.SortFunc(e.grants, func(a, b Grant) int {
		return cmp.Or(compareGrants(a, b), trueFirst(a.Effective, b.Effective), cmp.Compare(a.InheritedFrom, b.InheritedFrom))
	})
	e.grants = slices.CompactFunc(e.grants, func(a, b Grant) bool { return compareGrants(a, b) == 0 })
}

// describe returns the level and the source of a grant.
func (g Grant) describe() string {
	if !g.Inherited {
		return g.Level + ", granted directly"
	}
	return g.Level + ", " + inheritedText(g.InheritedFrom)
}

// inheritedText describes the source of an inherited grant. It can be unknown.
func inheritedText(from string) string {
	if from == "" {
		return "inherited"
	}
	return "inherited from " + from
}

// trueFirst sorts true before false.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}
