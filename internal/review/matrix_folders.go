package review

import (
	"slices"
	"strings"
)

// folder groups experiments whose names start with the same path. It contains at least two experiments: a single one belongs to the parent
// folder. A folder that would contain only another folder is merged with it.
type folder struct {
	// path ends with a slash. It is empty for the folder of all experiments.
	path string
	// experiments are those that belong to no subfolder.
	experiments []*row
	folders     []*folder
	// size is the number of experiments, those of subfolders included.
	size int
	// access is the access of each principal, in the order of the columns.
	access []folderAccess
}

// folderAccess is the access of a principal to the experiments of a folder.
type folderAccess struct {
	// experiments is the number of experiments on which the principal has a grant.
	experiments int
	levels      []levelCount
	// grants describe the grants on each of the experiments, unless mixed is set.
	grants []string
	mixed  bool
}

// levelCount is the number of experiments on which a principal has a level, and on how many of them it is inherited.
type levelCount struct {
	level                  string
	experiments, inherited int
}

// newFolder returns the folder of experiments whose names start with path. The rows are sorted by name.
func (m *Matrix) newFolder(path string, rows []*row) *folder {
	f := &folder{path: path, size: len(rows), access: make([]folderAccess, len(m.columns))}
	for len(rows) > 0 {
		end := strings.IndexByte(rows[0].Name[len(path):], '/') + 1
		below := 1
		for end > 0 && below < len(rows) && strings.HasPrefix(rows[below].Name, rows[0].Name[:len(path)+end]) {
			below++
		}
		if below == 1 {
			f.addExperiment(rows[0], m.columns)
		} else {
			f.addFolder(m.newFolder(commonFolder(rows[0].Name, rows[below-1].Name), rows[:below]))
		}
		rows = rows[below:]
	}
	return f
}

// commonFolder returns the path that two names have in common, up to its last slash.
func commonFolder(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:strings.LastIndexByte(a[:n], '/')+1]
}

func (f *folder) addExperiment(r *row, columns []namedPrincipal) {
	f.experiments = append(f.experiments, r)
	for i, p := range columns {
		c, ok := r.cells[p.principal]
		if !ok {
			continue
		}
		access := folderAccess{experiments: 1, grants: c.grants}
		for _, g := range c.shown {
			count := levelCount{level: g.Level, experiments: 1}
			if g.Inherited {
				count.inherited = 1
			}
			access.levels = append(access.levels, count)
		}
		f.access[i].add(access)
	}
}

func (f *folder) addFolder(sub *folder) {
	f.folders = append(f.folders, sub)
	for i, access := range sub.access {
		if access.experiments > 0 {
			f.access[i].add(access)
		}
	}
}

func (a *folderAccess) add(other folderAccess) {
	if a.experiments == 0 {
		a.grants = other.grants
	}
	a.mixed = a.mixed || other.mixed || !slices.Equal(a.grants, other.grants)
	a.experiments += other.experiments
	for _, count := range other.levels {
		i := slices.IndexFunc(a.levels, func(c levelCount) bool { return c.level == count.level })
		if i < 0 {
			i = len(a.levels)
			a.levels = append(a.levels, levelCount{level: count.level})
		}
		a.levels[i].experiments += count.experiments
		a.levels[i].inherited += count.inherited
	}
}

// sortedLevels returns the levels, the highest first.
func (a *folderAccess) sortedLevels() []levelCount {
	return slices.SortedFunc(slices.Values(a.levels), func(x, y levelCount) int { return compareLevels(x.level, y.level) })
}

// isUniform reports whether a principal has the same grants on all experiments of the folder.
func (f *folder) isUniform(a folderAccess) bool { return a.experiments == f.size && !a.mixed }
