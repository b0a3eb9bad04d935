package review

import (
	"regexp"
	"strings"
)

// CSV returns a table with a line for each experiment and a column for each principal. Every field is quoted, and an apostrophe marks a
// field as text if a spreadsheet would evaluate it as a formula.
func (m *Matrix) CSV() string {
	var b strings.Builder
	line := []string{"experiment", "experiment_id"}
	for _, c := range m.columns {
		line = append(line, c.noun()+" "+c.label())
	}
	writeCSVLine(&b, line)
	for _, r := range m.rows {
		line = []string{r.Name, r.ID}
		for _, c := range m.columns {
			var levels []string
			for _, g := range r.cells[c.principal].shown {
				level := g.Level
				if g.Inherited {
					level += " (inherited)"
				}
				levels = append(levels, level)
			}
			line = append(line, strings.Join(levels, ", "))
		}
		writeCSVLine(&b, line)
	}
	for _, u := range m.unreadable {
		writeCSVLine(&b, append([]string{u.Experiment, "unreadable: " + u.Reason}, make([]string, len(m.columns))...))
	}
	return b.String()
}

// writeCSVLine quotes every field: with the separator of another locale, a spreadsheet would split fields without quotes.
func writeCSVLine(b *strings.Builder, fields []string) {
	for i, field := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.ReplaceAll(escapeFormula(field), `"`, `""`) + `"`)
	}
	b.WriteByte('\n')
}

// formulaStart matches text that a spreadsheet would evaluate as a formula: at the start of a field, or of what is a field to a spreadsheet
// with another separator, after characters that spreadsheets skip there. Spreadsheets in East Asia also evaluate the full-width signs.
var formulaStart = regexp.MustCompile(`(^|[;,|\t\r\n\x{85}\x{2028}\x{2029}])([\s\pZ\pC"]*)([` + formulaSigns + `])`)

// formulaSigns are the signs that formulas start with. The hyphen is the last one, because it is part of a character class.
const formulaSigns = "=+@＝＋－＠-"

// escapeFormula marks a field as text if a spreadsheet would evaluate it as a formula.
func escapeFormula(field string) string {
	if !strings.ContainsAny(field, formulaSigns) { // most fields: searching costs much less than matching
		return field
	}
	return formulaStart.ReplaceAllString(field, "$1$2'$3")
}
