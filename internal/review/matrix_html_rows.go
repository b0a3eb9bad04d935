package review

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// principalView is the column of a principal, and its list.
type principalView struct {
	Noun, Name string
	// Full is the name with the kind and, for a service principal, the application ID.
	Full string
	// FirstOfKind is set for the first column of a kind that is not the first kind.
	FirstOfKind bool
	// Experiments is the number of experiments on which the principal has a grant.
	Experiments int
	Rows        []principalRowView
}

// principalRowView is an experiment, or a folder with the same grants on all its experiments, in the list of a principal.
type principalRowView struct {
	Path string
	// Size is the number of experiments of a folder, and 0 for an experiment.
	Size   int
	Levels []cellLevelView
	Grants []string
}

// rowView is an experiment or a folder.
type rowView struct {
	// Parent is the path that the row is shown below, Folder the rest of the path, and Name the rest of the name.
	Parent, Folder, Name string
	// Size is the number of experiments of a folder, and 0 for an experiment.
	Size  int
	Depth int
	Owner string
	// Updated is the date of the last update in UTC, or the text of the review if it is not a time.
	Updated string
	// Cells are those that are not empty.
	Cells []cellView
	// Rest are the empty cells after the last one.
	Rest template.HTML
}

// cellView is the access of a principal to an experiment, or to all experiments of a folder.
type cellView struct {
	// Skipped are the empty cells before this one.
	Skipped   template.HTML
	Principal string
	Levels    []cellLevelView
	// Mixed is set if the levels on the experiments of a folder differ.
	Mixed bool
	// Grants describes all grants.
	Grants string
}

// cellLevelView is a level of a cell.
type cellLevelView struct {
	levelView

	Inherited bool
}

// pageBuilder adds the rows and the principals to a page.
type pageBuilder struct {
	*pageView

	matrix *Matrix
}

func newPageBuilder(m *Matrix, view *pageView) *pageBuilder {
	p := &pageBuilder{pageView: view, matrix: m}
	for _, r := range m.rows {
		view.Owners = view.Owners || r.Owner != ""
		view.Updates = view.Updates || r.LastUpdated != ""
	}
	for i, c := range m.columns {
		name := c.name
		if c.displayName != "" && c.kind == KindServicePrincipal {
			name = c.displayName
		}
		view.Principals = append(view.Principals, principalView{
			Noun: c.noun(), Name: name, Full: c.noun() + " " + c.label(), FirstOfKind: i > 0 && c.kind != m.columns[i-1].kind,
		})
	}
	return p
}

// addFolder adds the rows of a folder and of its experiments and subfolders. The folder of all experiments has no row.
func (p *pageBuilder) addFolder(f *folder, depth int) {
	for _, r := range f.experiments {
		p.addRow(f.experimentRow(r, depth), func(i int) (cellView, bool) {
			c, ok := r.cells[p.matrix.columns[i].principal]
			return cellView{Levels: shownLevels(c), Grants: strings.Join(c.grants, "; ")}, ok
		})
	}
	for _, sub := range f.folders {
		p.Folders = true
		view := rowView{Parent: f.path, Folder: sub.path[len(f.path):], Size: sub.size, Depth: depth}
		p.addRow(view, func(i int) (cellView, bool) { return sub.cell(i) })
		p.addFolder(sub, depth+1)
	}
}

func (f *folder) experimentRow(r *row, depth int) rowView {
	view := rowView{Parent: f.path, Depth: depth, Owner: r.Owner, Updated: r.LastUpdated}
	if at, err := time.Parse(time.RFC3339, r.LastUpdated); err == nil {
		view.Updated = at.UTC().Format(time.DateOnly)
	}
	rest := r.Name[len(f.path):]
	end := strings.LastIndex(rest, "/") + 1
	view.Folder, view.Name = rest[:end], rest[end:]
	return view
}

// addRow adds a row with the cells that cell returns for the index of a principal.
func (p *pageBuilder) addRow(view rowView, cell func(i int) (cellView, bool)) {
	empty := 0
	for i := range p.Principals {
		c, ok := cell(i)
		if !ok {
			empty++
			continue
		}
		c.Skipped, c.Principal = emptyCells(empty), p.Principals[i].Full
		empty = 0
		view.Cells = append(view.Cells, c)
		p.Mixed = p.Mixed || c.Mixed
	}
	view.Rest = emptyCells(empty)
	p.Rows = append(p.Rows, view)
}

// emptyCells returns an empty cell that spans n columns. HTML does not require an end tag. Most cells of a large table are empty, and a
// cell for each column would make the page slow.
func emptyCells(n int) template.HTML {
	switch n {
	case 0:
		return ""
	case 1:
		return "<td>"
	default:
		return template.HTML(fmt.Sprintf(`<td colspan="%d">`, n))
	}
}

func shownLevels(c cell) []cellLevelView {
	levels := make([]cellLevelView, 0, len(c.shown))
	for _, g := range c.shown {
		levels = append(levels, cellLevelView{newLevelView(g.Level), g.Inherited})
	}
	return levels
}

// cell returns the levels that a principal has on every experiment of the folder.
func (f *folder) cell(i int) (cellView, bool) {
	access := f.access[i]
	if access.experiments == 0 {
		return cellView{}, false
	}
	var view cellView
	var parts []string
	for _, count := range access.sortedLevels() {
		if count.experiments < f.size {
			view.Mixed = true
			parts = append(parts, fmt.Sprintf("%s on %d of %d experiments", count.level, count.experiments, f.size))
			continue
		}
		view.Levels = append(view.Levels, cellLevelView{newLevelView(count.level), count.inherited == f.size})
		part := fmt.Sprintf("%s on all %d experiments", count.level, f.size)
		switch count.inherited {
		case 0:
			part += ", granted directly"
		case f.size:
			part += ", inherited"
		default:
			part += fmt.Sprintf(", inherited on %d", count.inherited)
		}
		parts = append(parts, part)
	}
	view.Grants = strings.Join(parts, "; ")
	return view, true
}

// addPrincipals adds the list of each principal.
func (p *pageBuilder) addPrincipals(all *folder) {
	for i := range p.Principals {
		p.Principals[i].Experiments = all.access[i].experiments
		p.Principals[i].Rows = p.appendPrincipalRows(all, i, nil)
	}
}

// appendPrincipalRows appends the access of a principal to the experiments of a folder: a row for each subfolder with the same grants on
// all its experiments, and a row for each other experiment.
func (p *pageBuilder) appendPrincipalRows(f *folder, i int, rows []principalRowView) []principalRowView {
	for _, r := range f.experiments {
		if c, ok := r.cells[p.matrix.columns[i].principal]; ok {
			rows = append(rows, principalRowView{Path: r.Name, Levels: shownLevels(c), Grants: slices.Compact(slices.Clone(c.grants))})
		}
	}
	for _, sub := range f.folders {
		access := sub.access[i]
		view, ok := sub.cell(i)
		switch {
		case !ok:
		case sub.isUniform(access) && !view.Mixed:
			grants := slices.Compact(slices.Clone(access.grants))
			rows = append(rows, principalRowView{Path: sub.path, Size: sub.size, Levels: view.Levels, Grants: grants})
		default:
			rows = p.appendPrincipalRows(sub, i, rows)
		}
	}
	return rows
}
