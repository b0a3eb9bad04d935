package review

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Changes are the differences between two reviews. The lists are sorted by experiment and principal.
type Changes struct {
	// Added are principals without a grant on the experiment in the first review, including all principals on experiments that the first
	// review does not list or could not read.
	Added []Change
	// Removed are principals without a grant on the experiment in the second review. It excludes principals on experiments that the second
	// review does not list or could not read, because they might still have their grants.
	Removed []Change
	// Raised and Lowered are principals whose levels are all higher or equal, or all lower or equal.
	Raised, Lowered []Change
	// Changed are principals with different levels of which neither is known to be higher, such as CAN_EDIT and CAN_RUN.
	Changed []Change
	// SourceChanged are principals with the same levels from different sources, for example directly instead of from a folder.
	SourceChanged []Change
	// Renamed are experiments with the same ID and a different name.
	Renamed []Rename
	// NewlyUnreadable are experiments that only the second review could not read.
	NewlyUnreadable []Unreadable
	// NewlyReadable are experiments that the first review could not read and the second one could.
	NewlyReadable []Experiment
	// NewlyListed and NoLongerListed are experiments that only the second or only the first review lists, readable or not.
	NewlyListed, NoLongerListed []Experiment
	// DefaultLevelBefore and DefaultLevelAfter are the default levels of the two reviews.
	DefaultLevelBefore, DefaultLevelAfter string
	// ServerBefore and ServerAfter are the servers of the two reviews, with the MLflow workspaces. They are empty if they are unknown.
	ServerBefore, ServerAfter string
}

// Change is a change of the grants of a principal on an experiment.
type Change struct {
	// ExperimentID can be empty.
	ExperimentID string
	// Experiment is the name of the experiment, in the second review if it is in both.
	Experiment string
	// Kind and Principal are those of the grants.
	Kind, Principal string
	// DisplayName can be empty.
	DisplayName string
	// Before and After are the highest levels, separated by ", " if there are several. They are empty if there is no grant.
	Before, After string
	// GrantsBefore and GrantsAfter describe the grants.
	GrantsBefore, GrantsAfter []string
}

// Rename is a change of the name of an experiment. Before and After are the names.
type Rename struct {
	ExperimentID  string
	Before, After string
}

// Diff returns the changes between two reviews of the same experiments. Experiments are the same if they have the same ID, or the same name
// if they have no ID. Principals are the same if their kinds and names are equal.
func Diff(before, after Review) Changes {
	listedBefore, listedAfter := listExperiments(before), listExperiments(after)
	changes := Changes{
		DefaultLevelBefore: before.DefaultLevel, DefaultLevelAfter: after.DefaultLevel,
		ServerBefore: before.serverAndWorkspace(), ServerAfter: after.serverAndWorkspace(),
	}
	all := maps.Clone(listedBefore)
	maps.Copy(all, listedAfter)
	for _, key := range slices.SortedFunc(maps.Keys(all), func(a, b experimentKey) int {
		return cmp.Or(cmp.Compare(all[a].Name, all[b].Name), cmp.Compare(a.id, b.id))
	}) {
		b, wasListed := listedBefore[key]
		a, isListed := listedAfter[key]
		if !isListed {
			changes.NoLongerListed = append(changes.NoLongerListed, b.Experiment)
			continue
		}
		if !wasListed {
			changes.NewlyListed = append(changes.NewlyListed, a.Experiment)
		} else if a.Name != b.Name {
			changes.Renamed = append(changes.Renamed, Rename{ExperimentID: a.ID, Before: b.Name, After: a.Name})
		}
		switch {
		case a.unreadable != nil && b.unreadable == nil:
			changes.NewlyUnreadable = append(changes.NewlyUnreadable, *a.unreadable)
		case a.unreadable == nil && b.unreadable != nil:
			changes.NewlyReadable = append(changes.NewlyReadable, a.Experiment)
		}
		if a.unreadable == nil {
			changes.compare(b.grants, a.grants, a.Name)
		}
	}
	return changes
}

// defaultWorkspace is the MLflow workspace of a review that has none.
const defaultWorkspace = "default"

// serverAndWorkspace returns the server of a review, with the MLflow workspace.
func (r Review) serverAndWorkspace() string {
	if r.Server == "" || r.Workspace == "" || r.Workspace == defaultWorkspace {
		return r.Server
	}
	return r.Server + ", workspace " + r.Workspace
}

// listedExperiment is an experiment that a review lists.
type listedExperiment struct {
	experimentGrants

	// unreadable is nil if the grants could be read.
	unreadable *Unreadable
}

func listExperiments(r Review) map[experimentKey]listedExperiment {
	all := map[experimentKey]listedExperiment{}
	for _, u := range r.Unreadable {
		key := keyOf(u.ExperimentID, u.Experiment)
		if known, ok := all[key]; ok && cmp.Or(cmp.Compare(known.Name, u.Experiment), cmp.Compare(known.unreadable.Reason, u.Reason)) <= 0 {
			continue
		}
		all[key] = listedExperiment{experimentGrants{Experiment: Experiment{ID: u.ExperimentID, Name: u.Experiment}}, &u}
	}
	for _, e := range groupByExperiment(r) {
		all[keyOf(e.ID, e.Name)] = listedExperiment{experimentGrants: e}
	}
	return all
}

// compare adds the changes of the grants on an experiment with the given name. Both lists are sorted by principal.
func (c *Changes) compare(before, after []Grant, name string) {
	for len(before) > 0 || len(after) > 0 {
		var b, a []Grant
		order := compareFirst(before, after)
		if order <= 0 {
			b, before = cutFirstPrincipal(before)
		}
		if order >= 0 {
			a, after = cutFirstPrincipal(after)
		}
		c.add(b, a, name)
	}
}

// compareFirst compares the first principals of two lists. An empty list sorts last.
func compareFirst(a, b []Grant) int {
	switch {
	case len(b) == 0:
		return -1
	case len(a) == 0:
		return 1
	default:
		return comparePrincipals(a[0].principal(), b[0].principal())
	}
}

// cutFirstPrincipal returns the grants of the first principal, and the others.
func cutFirstPrincipal(grants []Grant) (first, others []Grant) {
	end := slices.IndexFunc(grants, func(g Grant) bool { return g.principal() != grants[0].principal() })
	if end < 0 {
		end = len(grants)
	}
	return grants[:end], grants[end:]
}

// add adds the change of the grants of a principal on an experiment, if there is one. One of the lists can be empty.
func (c *Changes) add(before, after []Grant, name string) {
	if slices.EqualFunc(before, after, func(b, a Grant) bool { return compareGrants(b, a) == 0 }) {
		return
	}
	g := slices.Concat(after, before)[0]
	levelsBefore, levelsAfter := levelsOf(before), levelsOf(after)
	list := &c.Changed
	switch {
	case len(before) == 0:
		list = &c.Added
	case len(after) == 0:
		list = &c.Removed
	case slices.Equal(levelsBefore, levelsAfter):
		list = &c.SourceChanged
	case includeAll(levelsAfter, levelsBefore):
		list = &c.Raised
	case includeAll(levelsBefore, levelsAfter):
		list = &c.Lowered
	}
	*list = append(*list, Change{
		ExperimentID: g.ExperimentID, Experiment: name, Kind: g.Kind, Principal: g.Principal, DisplayName: g.DisplayName,
		Before: strings.Join(levelsBefore, ", "), After: strings.Join(levelsAfter, ", "),
		GrantsBefore: describeAll(before), GrantsAfter: describeAll(after),
	})
}

// levelsOf returns the highest levels of the grants of one principal.
func levelsOf(grants []Grant) []string {
	var paths []AccessPath
	for _, g := range grants {
		paths = append(paths, g.accessPath())
	}
	levels, _ := effectiveLevels(paths)
	return levels
}

func describeAll(grants []Grant) []string {
	var texts []string
	for _, g := range grants {
		texts = append(texts, g.describe())
	}
	return texts
}

// includeAll reports whether each of the other levels is included in one of the levels.
func includeAll(levels, others []string) bool {
	return !slices.ContainsFunc(others, func(other string) bool {
		return !slices.ContainsFunc(levels, func(level string) bool { return includesLevel(level, other) })
	})
}
