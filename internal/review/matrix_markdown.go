package review

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown returns a table with a row for each experiment and a column for each permission level, followed by the unreadable experiments.
// Names are escaped.
func (m *Matrix) Markdown() string {
	levels := m.levels()
	table := [][]string{append([]string{"Experiment"}, levels...)}
	for i, level := range levels {
		table[0][i+1] = markdownCode(level)
	}
	for _, r := range m.rows {
		line := []string{markdownCode(r.Name)}
		for _, level := range levels {
			line = append(line, strings.Join(m.principalsWith(r, level), ", "))
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
		b.WriteString("\nUnreadable experiments:\n\n")
		for _, u := range m.unreadable {
			fmt.Fprintf(&b, "- %s: %s\n", markdownCode(u.Experiment), markdownCode(u.Reason))
		}
	}
	return b.String()
}

// principalsWith returns the principals, in Markdown, whose level on an experiment is the given one.
func (m *Matrix) principalsWith(r *row, level string) []string {
	var principals []string
	for _, p := range m.columns {
		shown := r.cells[p.principal].shown
		i := slices.IndexFunc(shown, func(g Grant) bool { return g.Level == level })
		if i < 0 {
			continue
		}
		text := markdownCode(p.label())
		if p.kind != KindUser {
			text = markdownText(p.noun()) + " " + text
		}
		if shown[i].Inherited {
			text = "*" + text + "*"
		}
		principals = append(principals, text)
	}
	return principals
}

// writeMarkdownTable pads the cells, so that the source of the table is readable, too.
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

// markdownCode formats a name as code, in which emphasis, mentions, and links have no effect. A name that could end the code or the
// cell, or that looks like HTML, is escaped as entities.
func markdownCode(name string) string {
	special := func(r rune) bool { return strings.ContainsRune("`|\\<>", r) || !unicode.IsGraphic(r) }
	if name != "" && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, special) {
		return "`" + name + "`"
	}
	return "<code>" + markdownText(name) + "</code>"
}

// markdownText escapes everything but letters, digits, and safe punctuation as entities. It replaces invisible characters by visible ones,
// for example a line break by ␊.
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
