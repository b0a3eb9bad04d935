package review

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// foldersOf returns descriptions of the folders, with the experiments in each.
func foldersOf(m *Matrix, f *folder) []string {
	var lines []string
	for _, r := range f.experiments {
		lines = append(lines, r.Name[len(f.path):])
	}
	for _, sub := range f.folders {
		lines = append(lines, fmt.Sprintf("%s (%d)", sub.path, sub.size))
		for _, line := range foldersOf(m, sub) {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}

func TestMatrix_folders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ names, want []string }{
		"none":                       {nil, nil},
		"names without folders":      {[]string{"b", "a"}, []string{"a", "b"}},
		"a folder of one experiment": {[]string{"/a/b/x"}, []string{"/a/b/x"}},
		"a folder with one folder":   {[]string{"/a/b/x", "/a/b/y"}, []string{"/a/b/ (2)", "  x", "  y"}},
		"experiments before folders": {[]string{"/a/b/x", "/a/b/y", "/a/c"}, []string{"/a/ (3)", "  c", "  /a/b/ (2)", "    x", "    y"}},
		"a common prefix that is not a folder": {
			[]string{"/team-1/x", "/team-10/x", "/team-1/y"}, []string{"/ (3)", "  team-10/x", "  /team-1/ (2)", "    x", "    y"},
		},
		"an experiment with the path of a folder": {[]string{"/a", "/a/", "/a/x"}, []string{"/ (3)", "  a", "  /a/ (2)", "    ", "    x"}},
		"only slashes": {[]string{"/", "//", "///"}, []string{"/ (3)", "  ", "  // (2)", "    ", "    /"}},
	} {
		var r Review
		for _, n := range c.names {
			r.Experiments = append(r.Experiments, Experiment{Name: n})
		}
		m := NewMatrix(r)
		if got := foldersOf(m, m.newFolder("", m.rows)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// A folder shows a level if every experiment in it has it. The lists of principals are complete: their folders and experiments add up to
// the cells of the table.
func TestMatrix_foldersModel(t *testing.T) {
	t.Parallel()
	levels := []string{"CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE", "DENY"}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 7))
		var r Review
		for range random.IntN(40) {
			name := strings.Repeat("/"+string(rune('a'+random.IntN(2))), random.IntN(4)) + fmt.Sprintf("/%d", random.IntN(20))
			r.Experiments = append(r.Experiments, Experiment{Name: name})
			for p := range 3 {
				if random.IntN(4) > 0 {
					g := grantOf(name, "user", fmt.Sprint(p), levels[random.IntN(1+p*2)], random.IntN(2) == 0)
					g.Effective = random.IntN(2) == 0
					r.Grants = append(r.Grants, g)
				}
			}
		}
		m := NewMatrix(r)
		view := pageView{}
		p := newPageBuilder(m, &view)
		all := m.newFolder("", m.rows)
		p.addFolder(all, 0)
		p.addPrincipals(all)
		expectFolderAccess(t, m, all)
		for i, column := range m.columns {
			expectPrincipalRows(t, m, column, view.Principals[i])
		}
	}
}

func expectFolderAccess(t *testing.T, m *Matrix, f *folder) {
	t.Helper()
	var below []*row
	for _, r := range m.rows {
		if strings.HasPrefix(r.Name, f.path) {
			below = append(below, r)
		}
	}
	for i, column := range m.columns {
		found := map[string]int{}
		for _, r := range below {
			for _, g := range r.cells[column.principal].shown {
				found[g.Level]++
			}
		}
		view, ok := f.cell(i)
		shown, mixed := 0, false
		for _, n := range found {
			mixed = mixed || n < len(below)
			if n == len(below) {
				shown++
			}
		}
		if ok != (len(found) > 0) || view.Mixed != mixed || len(view.Levels) != shown {
			t.Errorf("%q: got cell %+[3]v of %[2]v, want the levels %[4]v of %[5]d experiments", f.path, column, view, found, len(below))
		}
		for _, level := range view.Levels {
			if found[level.Level] != len(below) {
				t.Errorf("%q: got %s, want only levels on all of %d experiments: %v", f.path, level.Level, len(below), found)
			}
		}
	}
	for _, sub := range f.folders {
		expectFolderAccess(t, m, sub)
	}
}

func expectPrincipalRows(t *testing.T, m *Matrix, p namedPrincipal, view principalView) {
	t.Helper()
	listed := map[*row]string{}
	for _, listedRow := range view.Rows {
		for _, r := range m.rows {
			if listedRow.Size == 0 && r.Name == listedRow.Path || listedRow.Size > 0 && strings.HasPrefix(r.Name, listedRow.Path) {
				if listed[r] != "" {
					t.Errorf("%q is listed twice for %v", r.Name, p)
				}
				listed[r] = fmt.Sprint(listedRow.Levels, listedRow.Grants)
			}
		}
	}
	want := 0
	for _, r := range m.rows {
		c, ok := r.cells[p.principal]
		if !ok {
			continue
		}
		want++
		grants := fmt.Sprint(slices.Compact(slices.Clone(c.grants)))
		for _, level := range shownLevels(c) {
			if !strings.HasSuffix(listed[r], grants) || !strings.Contains(listed[r], fmt.Sprint("{", level.levelView)) {
				t.Errorf("%q for %v: got %q, want %v and %s", r.Name, p, listed[r], level.levelView, grants)
			}
		}
	}
	if len(listed) != want || view.Experiments != want {
		t.Errorf("%v: got %d listed and %d counted experiments, want %d", p, len(listed), view.Experiments, want)
	}
}
