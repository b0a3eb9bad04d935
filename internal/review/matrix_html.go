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

// The page, its style, and its script. The script reads the table, so nothing that is rendered goes into style or script.
var (
	//go:embed matrix.html.tmpl
	pageText string
	//go:embed matrix.css
	pageStyle string
	//go:embed matrix.js
	pageScript string

	pageTemplate = template.Must(template.New("matrix").Funcs(template.FuncMap{"formatCount": formatCount, "pluralize": pluralize}).Parse(pageText))
)

// defaultTitle is the heading of a page without a title.
const defaultTitle = "Permission review"

// maxPrintedColumns is the maximum number of columns of a table that fits on a sheet. A wider table is printed as a list for each experiment.
const maxPrintedColumns = 14

// PageOptions are statements about a review that its page makes and that the grants do not contain. They are texts of any content; an empty
// one is left out.
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
	// Script is the only one that the page allows, by its hash: a name that is taken for a script would not run.
	Script     template.JS
	ScriptHash string
	Title      string
	Facts      []factView
	Counts     countsView
	Principals []principalView
	// Wide is set if the table does not fit on a sheet.
	Wide bool
	// Owners and Updates are set if any experiment has an owner or a time of its last update.
	Owners, Updates bool
	Rows            []rowView
	Levels          []levelView
	// Folders is set if any row is a folder, and Mixed if a principal holds different levels on the experiments of a folder.
	Folders, Mixed bool
	Unreadable     []Unreadable
	DefaultLevel   string
}

// factView is a statement about the whole review.
type factView struct{ Name, Text string }

// countsView are numbers of the whole review.
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

// newLevelView abbreviates known levels only.
func newLevelView(level string) levelView {
	if letter, known := levelLetters[level]; known {
		return levelView{level, letter}
	}
	return levelView{level, cmp.Or(strings.TrimPrefix(level, "CAN_"), "?")}
}

// HTML returns a page that loads nothing else: a table with a row for each experiment, below its folder, and a column for each principal, a
// list for each principal, and a form to sign. Names and options are escaped, and the content security policy of the page allows no script
// but its own.
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

// facts returns what the options and the review state about the whole review.
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

// counts counts a grant that is listed twice once.
func (m *Matrix) counts() countsView {
	counts := countsView{Experiments: len(m.rows), Principals: len(m.columns)}
	for i, c := range m.columns {
		if i == 0 || c.kind != m.columns[i-1].kind {
			counts.Kinds = append(counts.Kinds, kindView{Noun: c.noun()})
		}
		counts.Kinds[len(counts.Kinds)-1].Count++
	}
	for _, e := range groupByExperiment(m.review) {
		for _, g := range e.grants {
			if g.Inherited {
				counts.Inherited++
			} else {
				counts.Direct++
			}
		}
	}
	return counts
}
