package provider

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// The page, its style and its script. Nothing of what is rendered goes into the latter two: the script reads the table.
var (
	//go:embed permission_matrix.html.tmpl
	matrixPageText string
	//go:embed permission_matrix.css
	matrixStyle string
	//go:embed permission_matrix.js
	matrixScript string

	matrixPage = template.Must(template.New("matrix").Parse(matrixPageText))
)

// matrixView is what the page shows.
type matrixView struct {
	Style template.CSS
	// Script is the only one that the page allows, by its hash: a name that is taken for a script would not run.
	Script       template.JS
	ScriptHash   string
	Principals   []principalView
	Lines        []lineView
	Levels       []levelView
	Unreadable   []matrixUnreadable
	DefaultLevel string
}

type principalView struct {
	Noun, Name string
	// Full is the name with the kind and, for a service principal, the application id.
	Full string
	// FirstOfKind begins the columns of another kind of principal.
	FirstOfKind bool
}

type lineView struct {
	Folder, Name string
	Cells        []cellView
}

// cellView is empty where a principal holds nothing.
type cellView struct {
	levelView
	Inherited, FirstOfKind bool
	// Says lists all grants in words.
	Says string
}

type levelView struct {
	// Letter stands for the level in a cell, Class for its colour, Rank for its order.
	Level, Letter, Class string
	Rank                 int
}

var levelLetters = map[string]string{
	mlflow.LevelRead: "R", mlflow.LevelUse: "U", mlflow.LevelEdit: "E", mlflow.LevelManage: "M", mlflow.LevelNone: "N", mlflow.LevelDeny: "D",
}

// newLevelView gives a level that is not known its whole name for a letter.
func newLevelView(level string) levelView {
	rank, _ := mlflow.LevelRank(level)
	if letter, known := levelLetters[level]; known {
		return levelView{level, letter, "level-" + letter, rank}
	}
	return levelView{level, strings.TrimPrefix(level, "CAN_"), "level-other", rank}
}

// html gives a page with a line for each experiment and a column for each principal.
func (m matrix) html() (string, error) {
	hash := sha256.Sum256([]byte(matrixScript))
	view := matrixView{
		Style: template.CSS(matrixStyle), Script: template.JS(matrixScript), ScriptHash: base64.StdEncoding.EncodeToString(hash[:]),
		Unreadable: m.unreadable, DefaultLevel: m.defaultLevel,
	}
	for _, level := range m.levels() {
		view.Levels = append(view.Levels, newLevelView(level))
	}
	for i, p := range m.principals {
		shown := p.Name
		if p.DisplayName != "" && p.Kind == string(mlflow.KindServicePrincipal) {
			shown = p.DisplayName
		}
		view.Principals = append(view.Principals, principalView{
			Noun: p.noun(), Name: shown, Full: p.noun() + " " + p.shown(), FirstOfKind: i > 0 && p.Kind != m.principals[i-1].Kind,
		})
	}
	for _, e := range m.experiments {
		view.Lines = append(view.Lines, m.line(e, view.Principals))
	}
	var b strings.Builder
	if err := matrixPage.Execute(&b, view); err != nil {
		return "", fmt.Errorf("could not write the page: %w", err)
	}
	return b.String(), nil
}

func (m matrix) line(e matrixExperiment, columns []principalView) lineView {
	end := strings.LastIndex(e.Name, "/") + 1
	line := lineView{Folder: e.Name[:end], Name: e.Name[end:], Cells: make([]cellView, len(m.principals))}
	for i, p := range m.principals {
		cell, ok := m.cells[e][p]
		if ok {
			line.Cells[i] = cellView{
				levelView: newLevelView(cell.grant.level), Inherited: cell.grant.inherited,
				Says: columns[i].Full + "\n" + strings.Join(cell.all, "\n"),
			}
		}
		line.Cells[i].FirstOfKind = columns[i].FirstOfKind
	}
	return line
}
