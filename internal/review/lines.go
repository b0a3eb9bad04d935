package review

import (
	"strconv"
	"strings"
)

// lineColumns are the columns of [Lines]. The last ones, and the level, have the names of the fields of a [Decision].
var lineColumns = []string{
	"experiment_id", "experiment_name", "owner", "last_updated", "kind", "principal", "display_name", "level", "inherited",
	"inherited_from", "effective", "fingerprint", "decision", "reviewer", "reason", "until",
}

// visibleBreaks replaces line breaks by visible characters.
var visibleBreaks = strings.NewReplacer("\r", "␍", "\n", "␊")

// Lines returns a CSV table with one line per grant of a review, sorted by experiment and principal. The columns for the decision are
// empty. Fields are quoted and escaped as by [Matrix.CSV], and line breaks in them are replaced, so that a grant is one line of text.
// Experiments without grants, and those that could not be read, have no line.
func Lines(r Review) string {
	var b strings.Builder
	writeCSVLine(&b, lineColumns)
	writeLines(&b, r, func(grantKey) bool { return true })
	return b.String()
}

// LinesToDecide returns the lines of [Lines] to append to a table of decisions, without the header: one for each grant in
// [Decisions.Undecided] or [Decisions.Stale] that has no line with its fingerprint and level in the table, not even one without a decision.
func LinesToDecide(r Review, decisions []Decision, result Decisions) string {
	missing := map[grantKey]bool{}
	for _, grants := range [][]DecidedGrant{result.Undecided, result.Stale} {
		for _, g := range grants {
			missing[grantKey{g.Fingerprint, g.Grant.Level}] = true
		}
	}
	for _, d := range decisions {
		delete(missing, grantKey{strings.TrimSpace(d.Fingerprint), strings.TrimSpace(d.Level)})
	}
	var b strings.Builder
	writeLines(&b, r, func(l grantKey) bool { return missing[l] })
	return b.String()
}

// writeLines writes a line for each grant whose fingerprint and level are included.
func writeLines(b *strings.Builder, r Review, included func(grantKey) bool) {
	for _, e := range groupByExperiment(r) {
		for _, g := range e.grants {
			fingerprint := Fingerprint(g)
			if !included(grantKey{fingerprint, g.Level}) {
				continue
			}
			fields := []string{
				g.ExperimentID, g.Experiment, e.Owner, e.LastUpdated, g.Kind, g.Principal, g.DisplayName, g.Level,
				strconv.FormatBool(g.Inherited), g.InheritedFrom, strconv.FormatBool(g.Effective), fingerprint, "", "", "", "",
			}
			for i := range fields {
				fields[i] = visibleBreaks.Replace(fields[i])
			}
			writeCSVLine(b, fields)
		}
	}
}
