package review

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
)

// The page, its style, and its script. The script reads the table, so nothing that is rendered goes into style or script.
var (
	//go:embed matrix.html.tmpl
	pageText string
	//go:embed matrix.css
	pageStyle string
	//go:embed matrix.js
	pageScript string

	pageTemplate = template.Must(template.New("matrix").Parse(pageText))
)

// pageView is the data of the page.
type pageView struct {
	Style template.CSS
	// Script is the only one that the page allows, by its hash: a name that is taken for a script would not run.
	Script       template.JS
	ScriptHash   string
	Principals   []principalView
	Rows         []rowView
	Levels       []levelView
	Unreadable   []Unreadable
	DefaultLevel string
}

type principalView struct {
	Noun, Name string
	// Full is the name with the kind and, for a service principal, the application ID.
	Full string
	// FirstOfKind is set for the first column of a kind that is not the first kind.
	FirstOfKind bool
}

type rowView struct {
	Folder, Name string
	Cells        []cellView
}

// cellView is empty if a principal has no grant.
type cellView struct {
	Levels      []cellLevelView
	FirstOfKind bool
	// Grants describes all grants, one a line.
	Grants string
}

// cellLevelView is a level of a cell.
type cellLevelView struct {
	levelView
	Inherited bool
}

// levelView is a level with its abbreviation in a cell and the CSS class of its color.
type levelView struct{ Level, Letter, Class string }

var levelLetters = map[string]string{
	levelRead: "R", levelUse: "U", levelEdit: "E", levelManage: "M", levelNone: "N", levelDeny: "D",
}

// newLevelView abbreviates known levels only.
func newLevelView(level string) levelView {
	if letter, known := levelLetters[level]; known {
		return levelView{level, letter, "level-" + letter}
	}
	return levelView{level, strings.TrimPrefix(level, "CAN_"), "level-other"}
}

// HTML returns a page that loads nothing else, with a row for each experiment, a column for each principal, and filters. Names are escaped,
// and the content security policy of the page allows no script but its own.
func (m *Matrix) HTML(_ PageOptions) (string, error) {
	hash := sha256.Sum256([]byte(pageScript))
	view := pageView{
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), ScriptHash: base64.StdEncoding.EncodeToString(hash[:]),
		Unreadable: m.unreadable, DefaultLevel: m.defaultLevel,
	}
	for _, level := range m.levels() {
		view.Levels = append(view.Levels, newLevelView(level))
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
	for _, r := range m.rows {
		view.Rows = append(view.Rows, m.rowView(r, view.Principals))
	}
	var b strings.Builder
	if err := pageTemplate.Execute(&b, view); err != nil {
		return "", fmt.Errorf("could not write the page: %w", err)
	}
	return b.String(), nil
}

// rowView returns a row with a cell for each principal.
func (m *Matrix) rowView(r row, principals []principalView) rowView {
	end := strings.LastIndex(r.name, "/") + 1
	view := rowView{Folder: r.name[:end], Name: r.name[end:], Cells: make([]cellView, len(m.columns))}
	for i, p := range m.columns {
		if c, ok := m.cells[r][p]; ok {
			view.Cells[i].Grants = principals[i].Full + "\n" + strings.Join(c.grants, "\n")
			for _, g := range c.shown {
				view.Cells[i].Levels = append(view.Cells[i].Levels, cellLevelView{newLevelView(g.Level), g.Inherited})
			}
		}
		view.Cells[i].FirstOfKind = principals[i].FirstOfKind
	}
	return view
}
