package provider

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// matrix is who may do what: experiments down, principals across. Its order depends on what is in it alone.
type matrix struct {
	experiments  []matrixExperiment
	principals   []matrixPrincipal
	cells        map[matrixExperiment]map[matrixPrincipal]matrixCell
	unreadable   []matrixUnreadable
	defaultLevel string
}

// matrixExperiment is a line. The id tells two experiments of one name apart; it may be "".
type matrixExperiment struct{ Name, ID string }

// matrixPrincipal is a column.
type matrixPrincipal struct{ Kind, Name, DisplayName string }

// matrixCell is what a principal may do on an experiment.
type matrixCell struct {
	// grant is the one that counts.
	grant matrixGrant
	// all are all of them, in words.
	all []string
}

func newMatrix(in matrixInput) matrix {
	m := matrix{cells: map[matrixExperiment]map[matrixPrincipal]matrixCell{}, unreadable: slices.Clone(in.unreadable)}
	if in.defaultLevel != mlflow.LevelNone { // nothing is nothing to tell
		m.defaultLevel = in.defaultLevel
	}
	for _, e := range in.experiments {
		m.cells[e] = map[matrixPrincipal]matrixCell{}
	}
	principals := map[matrixPrincipal]bool{}
	displayNames := displayNames(in.grants)
	for _, g := range in.grants {
		g.principal.DisplayName = displayNames[g.principal.key()]
		principals[g.principal] = true
		line := m.cells[g.experiment]
		if line == nil {
			line = map[matrixPrincipal]matrixCell{}
			m.cells[g.experiment] = line
		}
		cell, taken := line[g.principal]
		if !taken || g.outdoes(cell.grant) {
			cell.grant = g
		}
		cell.all = append(cell.all, g.words())
		slices.Sort(cell.all)
		line[g.principal] = cell
	}
	m.experiments = slices.SortedFunc(maps.Keys(m.cells), func(a, b matrixExperiment) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	m.principals = slices.SortedFunc(maps.Keys(principals), func(a, b matrixPrincipal) int {
		return cmp.Or(cmp.Compare(kindOrder(a.Kind), kindOrder(b.Kind)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(m.unreadable, func(a, b matrixUnreadable) int { return cmp.Compare(a.Name, b.Name) })
	return m
}

// key is the principal without what is only shown.
func (p matrixPrincipal) key() matrixPrincipal { return matrixPrincipal{Kind: p.Kind, Name: p.Name} }

// displayNames gives one display name for each principal, also where some grants lack it.
func displayNames(grants []matrixGrant) map[matrixPrincipal]string {
	names := map[matrixPrincipal]string{}
	for _, g := range grants {
		names[g.principal.key()] = max(names[g.principal.key()], g.principal.DisplayName)
	}
	return names
}

// kindOrder puts groups first and service principals last.
func kindOrder(kind string) int {
	return slices.Index([]string{string(mlflow.KindGroup), string(mlflow.KindUser), string(mlflow.KindServicePrincipal)}, kind)
}

// outdoes reports whether a grant counts more than another one of the same principal on the same experiment.
func (g matrixGrant) outdoes(other matrixGrant) bool {
	if g.effective != other.effective {
		return g.effective
	}
	rank, _ := mlflow.LevelRank(g.level)
	otherRank, _ := mlflow.LevelRank(other.level)
	switch {
	case rank != otherRank:
		return rank > otherRank
	case g.level != other.level: // neither is known
		return g.level < other.level
	case g.inherited != other.inherited:
		return !g.inherited
	default:
		return g.from < other.from
	}
}

// words say what a grant is.
func (g matrixGrant) words() string {
	switch {
	case !g.inherited:
		return g.level + ", granted directly"
	case g.from == "":
		return g.level + ", inherited"
	default:
		return g.level + ", inherited from " + g.from
	}
}

// shown is how a principal is called.
func (p matrixPrincipal) shown() string {
	if p.DisplayName != "" && p.Kind == string(mlflow.KindServicePrincipal) {
		return p.DisplayName + " (" + p.Name + ")"
	}
	return p.Name
}

// noun is what a principal is.
func (p matrixPrincipal) noun() string { return strings.ReplaceAll(p.Kind, "_", " ") }

// levels lists the levels that occur, the highest first.
func (m matrix) levels() []string {
	found := map[string]bool{}
	for _, line := range m.cells {
		for _, cell := range line {
			found[cell.grant.level] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		rankA, _ := mlflow.LevelRank(a)
		rankB, _ := mlflow.LevelRank(b)
		return cmp.Or(cmp.Compare(rankB, rankA), cmp.Compare(a, b))
	})
}

// csv gives a line for each experiment and a column for each principal.
func (m matrix) csv() (string, error) {
	var b strings.Builder
	line := []string{"experiment", "experiment_id"}
	for _, p := range m.principals {
		line = append(line, p.noun()+" "+p.shown())
	}
	writeCSVLine(&b, line)
	for _, e := range m.experiments {
		line = []string{e.Name, e.ID}
		for _, p := range m.principals {
			cell := m.cells[e][p].grant.level
			if m.cells[e][p].grant.inherited {
				cell += " (inherited)"
			}
			line = append(line, cell)
		}
		writeCSVLine(&b, line)
	}
	for _, u := range m.unreadable {
		writeCSVLine(&b, append([]string{u.Name, "not readable: " + u.Reason}, make([]string, len(m.principals))...))
	}
	return b.String(), nil
}

// writeCSVLine quotes every cell: with a separator of another locale, a spreadsheet would cut cells without quotes to pieces.
func writeCSVLine(b *strings.Builder, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.ReplaceAll(escapeFormula(cell), `"`, `""`) + `"`)
	}
	b.WriteByte('\n')
}

// formulaStart is where a spreadsheet would see a formula: at the beginning of a cell, or of what is a cell to a spreadsheet with another
// separator, behind what spreadsheets skip there. Spreadsheets in East Asia take the full-width signs, too.
var formulaStart = regexp.MustCompile(`(^|[;,|\t\r\n\x{85}\x{2028}\x{2029}])([\s\pZ\pC"]*)([=+\-@＝＋－＠])`)

// escapeFormula marks as text what a spreadsheet would take for a formula.
func escapeFormula(cell string) string {
	return formulaStart.ReplaceAllString(cell, "$1$2'$3")
}

// markdown gives a line for each experiment and a column for each level.
func (m matrix) markdown() (string, error) {
	levels := m.levels()
	table := [][]string{append([]string{"Experiment"}, levels...)}
	for i, level := range levels {
		table[0][i+1] = markdownCode(level)
	}
	for _, e := range m.experiments {
		line := []string{markdownCode(e.Name)}
		for _, level := range levels {
			line = append(line, strings.Join(m.holders(e, level), ", "))
		}
		table = append(table, line)
	}
	var b strings.Builder
	writeMarkdownTable(&b, table)
	b.WriteString("\n*Italic*: inherited.")
	if m.defaultLevel != "" {
		fmt.Fprintf(&b, " Every user has at least %s on every experiment.", markdownCode(m.defaultLevel))
	}
	b.WriteString("\n")
	if len(m.unreadable) > 0 {
		b.WriteString("\nNot readable:\n\n")
		for _, u := range m.unreadable {
			fmt.Fprintf(&b, "- %s: %s\n", markdownCode(u.Name), markdownCode(u.Reason))
		}
	}
	return b.String(), nil
}

// holders lists in Markdown who has a level on an experiment.
func (m matrix) holders(e matrixExperiment, level string) []string {
	var holders []string
	for _, p := range m.principals {
		cell, ok := m.cells[e][p]
		if !ok || cell.grant.level != level {
			continue
		}
		text := markdownCode(p.shown())
		if p.Kind != string(mlflow.KindUser) {
			text = markdownText(p.noun()) + " " + text
		}
		if cell.grant.inherited {
			text = "*" + text + "*"
		}
		holders = append(holders, text)
	}
	return holders
}

// writeMarkdownTable pads the cells, so that the table can be read as it is too.
func writeMarkdownTable(b *strings.Builder, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, line := range table {
		for i, cell := range line {
			fmt.Fprintf(b, "| %-*s ", widths[i], cell)
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for _, width := range widths {
			b.WriteString("|" + strings.Repeat("-", width+2))
		}
		b.WriteString("|\n")
	}
}

// markdownCode writes a name as code: there neither emphasis nor mentions of people nor links count. A name that could end the code or
// the cell, or that looks like HTML, is written in entities.
func markdownCode(name string) string {
	special := func(r rune) bool { return strings.ContainsRune("`|\\<>", r) || !unicode.IsGraphic(r) }
	if name != "" && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, special) {
		return "`" + name + "`"
	}
	return "<code>" + markdownText(name) + "</code>"
}

// markdownText writes everything but letters, digits and harmless signs as entities. What can't be seen is shown, such as a line break
// as ␊.
func markdownText(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < ' ':
			b.WriteRune('␀' + r)
		case !unicode.IsGraphic(r):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		case r < utf8.RuneSelf && !isAlphanumeric(r) && !strings.ContainsRune(" /.,:;-()=%", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
