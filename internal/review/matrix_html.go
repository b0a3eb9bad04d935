package review

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
)

// The page, its style, and its script. The script reads the table, so that no data is rendered into the style or the script.
var (
	//go:embed matrix.html.tmpl
	pageText string
	//go:embed matrix.css
	pageStyle string
	//go:embed matrix.js
	pageScript string

	pageFunctions = template.FuncMap{"formatCount": formatCount, "pluralize": pluralize}
	pageTemplate  = template.Must(template.New("matrix").Funcs(pageFunctions).Parse(pageText))
)

// defaultTitle is the heading of a page without a title.
const defaultTitle = "Permission review"

// maxPrintedColumns is the maximum number of columns of a table that fits on a sheet. A wider table is printed as a list for each
// experiment.
const maxPrintedColumns = 14

// PageOptions are facts about a review that the grants do not contain. They can contain any text; empty ones are omitted.
type PageOptions struct {
	// Title is the heading. It defaults to "Permission review".
	Title string
	// AsOf is the date on which the permissions were read.
	AsOf string
	// Scope describes which experiments were reviewed.
	Scope string
	// Server is the URL of the server. It defaults to the server of the review.
	Server string
}

// pageView is the data of the page.
type pageView struct {
	Style template.CSS
	// Script is the only script that the content security policy of the page allows, by its hash, so that no name can run as a script.
	Script     template.JS
	ScriptHash string
	Title      string
	Facts      []factView
	Counts     countsView
	Principals []principalView
	// Wide is set if the table does not fit on a printed sheet.
	Wide bool
	// Owners and Updates are set if any experiment has an owner or a time of its last update.
	Owners, Updates bool
	Rows            []rowView
	Levels          []levelView
	// Folders is set if any row is a folder, and Mixed if a principal has different levels on the experiments of a folder.
	Folders, Mixed bool
	Unreadable     []Unreadable
	DefaultLevel   string
}

// factView is a fact about the whole review.
type factView struct{ Name, Text string }

// countsView are the totals of a review.
type countsView struct {
	Experiments, Principals, Direct, Inherited int
	Kinds                                      []kindView
}

// kindView is the number of principals of a kind, and its noun.
type kindView struct {
	Noun  string
	Count int
}

// levelView is a level with its abbreviation in a cell.
type levelView struct{ Level, Letter string }

var levelLetters = map[string]string{
	levelRead: "R", levelUse: "U", levelEdit: "E", levelManage: "M", levelNone: "N", levelDeny: "D",
}

// newLevelView returns a level with its abbreviation. An unknown level is not abbreviated, except for its prefix.
func newLevelView(level string) levelView {
	if letter, known := levelLetters[level]; known {
		return levelView{level, letter}
	}
	return levelView{level, cmp.Or(strings.TrimPrefix(level, "CAN_"), "?")}
}

// HTML returns a self-contained page: a table with a row for each experiment, below its folder, and a column for each principal, a list for
// each principal, and a form to sign. Names and options are escaped, and the content security policy of the page allows no other script
// than its own.
func (m *Matrix) HTML(o PageOptions) (string, error) {
	hash := sha256.Sum256([]byte(pageScript))
	view := pageView{
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), ScriptHash: base64.StdEncoding.EncodeToString(hash[:]),
		Title: cmp.Or(o.Title, defaultTitle), Facts: m.facts(o), Counts: m.counts(), Wide: len(m.columns) > maxPrintedColumns,
		Unreadable: m.unreadable, DefaultLevel: m.defaultLevel,
	}
	for _, level := range m.levels() {
		view.Levels = append(view.Levels, newLevelView(level))
	}
	p := newPageBuilder(m, &view)
	all := m.newFolder("", m.rows)
	p.addFolder(all, 0)
	p.addPrincipals(all)
	var b strings.Builder
	if err := pageTemplate.Execute(&b, view); err != nil {
		return "", fmt.Errorf("rendering page: %w", err)
	}
	return b.String(), nil
}

// facts returns the facts about the whole review from the options and the review.
func (m *Matrix) facts(o PageOptions) []factView {
	var facts []factView
	for _, f := range []factView{
		{"Server", cmp.Or(o.Server, m.review.Server)}, {"MLflow workspace", m.review.Workspace}, {"Scope", o.Scope}, {"As of", o.AsOf},
		{"Permissions read by", m.review.Caller},
	} {
		if f.Text != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// counts returns the totals. It counts duplicate grants once.
func (m *Matrix) counts() countsView {
	counts := countsView{Experiments: len(m.rows), Principals: len(m.columns)}
	for i, c := range m.columns {
		if i == 0 || c.kind != m.columns[i-1].kind {
			counts.Kinds = append(counts.Kinds, kindView{Noun: c.noun()})
		}
		counts.Kinds[len(counts.Kinds)-1].Count++
	}
	for _, r := range m.rows {
		for _, g := range r.grants {
			if g.Inherited {
				counts.Inherited++
			} else {
				counts.Direct++
			}
		}
	}
	return counts
}
