package review

import (
	"fmt"
	"strings"
)

// maxSummaryRows is the maximum number of changes that [Changes.Markdown] lists.
const maxSummaryRows = 50

// Any reports whether there are changes.
func (c Changes) Any() bool {
	for _, category := range c.categories() {
		if category.count > 0 {
			return true
		}
	}
	return c.DefaultLevelBefore != c.DefaultLevelAfter || c.differentServers()
}

// differentServers reports whether the reviews are known to be of different servers or workspaces. The ID of a Databricks workspace is part
// of the server only if the provider knew it, which depends on the authentication method.
func (c Changes) differentServers() bool {
	if c.ServerBefore == "" || c.ServerAfter == "" || c.ServerBefore == c.ServerAfter {
		return false
	}
	before, _, knownBefore := strings.Cut(c.ServerBefore, "/?w=")
	after, _, knownAfter := strings.Cut(c.ServerAfter, "/?w=")
	return before != after || knownBefore == knownAfter
}

// changeCategory is one of the lists of [Changes].
type changeCategory struct {
	// label describes the change in the table, and text the number of changes in the summary.
	label, text string
	count       int
	changes     []Change
}

func (c Changes) categories() []changeCategory {
	of := func(label, description string, changes []Change) changeCategory {
		return changeCategory{label, fmt.Sprintf("%d %s", len(changes), description), len(changes), changes}
	}
	experiments := func(description string, n int) changeCategory {
		return changeCategory{text: formatCount(n, "experiment") + " " + description, count: n}
	}
	return []changeCategory{
		of("added", "added", c.Added), of("raised", "raised", c.Raised), of("other level", "with a different level", c.Changed),
		of("lowered", "lowered", c.Lowered), of("removed", "removed", c.Removed),
		of("other source", "from a different source", c.SourceChanged),
		experiments("renamed", len(c.Renamed)), experiments("newly unreadable", len(c.NewlyUnreadable)),
		experiments("newly readable", len(c.NewlyReadable)), experiments("newly listed", len(c.NewlyListed)),
		experiments("no longer listed", len(c.NoLongerListed)),
	}
}

// Markdown returns the number of changes of each kind, and a table of the first 50 changes. Names are escaped.
func (c Changes) Markdown() string {
	if !c.Any() {
		return "No changes.\n"
	}
	var counts []string
	rows, more := [][]string{{"Change", "Experiment", "Principal", "Before", "After"}}, 0
	for _, category := range c.categories() {
		if category.count > 0 {
			counts = append(counts, category.text)
		}
		for _, change := range category.changes {
			if len(rows) > maxSummaryRows {
				more++
				continue
			}
			rows = append(rows, []string{
				category.label, markdownCode(change.Experiment), change.principalMarkdown(),
				levelMarkdown(change.Before), levelMarkdown(change.After),
			})
		}
	}
	var b strings.Builder
	if c.differentServers() {
		fmt.Fprintf(&b, "The reviews are of different servers: %s and %s.\n\n", markdownCode(c.ServerBefore), markdownCode(c.ServerAfter))
	}
	if len(counts) > 0 {
		fmt.Fprintf(&b, "Changes: %s.\n", strings.Join(counts, ", "))
	}
	if c.DefaultLevelBefore != c.DefaultLevelAfter {
		fmt.Fprintf(&b, "Default level: %s before, %s after.\n", levelMarkdown(c.DefaultLevelBefore), levelMarkdown(c.DefaultLevelAfter))
	}
	if len(rows) > 1 {
		b.WriteString("\n")
		writeMarkdownTable(&b, rows)
	}
	if more > 0 {
		fmt.Fprintf(&b, "\nNot listed: %s.\n", formatCount(more, "more change"))
	}
	return b.String()
}

func (c Change) principalMarkdown() string {
	p := namedPrincipal{principal{c.Kind, c.Principal}, c.DisplayName}
	if c.Kind == KindUser {
		return markdownCode(p.label())
	}
	return markdownText(p.noun()) + " " + markdownCode(p.label())
}

// levelMarkdown formats levels. It is a dash if there are none.
func levelMarkdown(levels string) string {
	if levels == "" {
		return "–"
	}
	return markdownCode(levels)
}
