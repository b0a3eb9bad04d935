package review

import (
	"strconv"
	"strings"
)

// lineColumns are the columns of [Lines]. The last ones, and the level, have the names of the fields of a [Decision].
var lineColumns = []string{
	"experiment_id", "experiment_name", "owner", "last_updated", "kind", "principal", "display_name", "level", "inherited", "inherited_from",
	"effective", "fingerprint", "decision", "reviewer", "reason", "until",
}

// visibleBreaks makes line breaks visible.
var visibleBreaks = strings.NewReplacer("\r", "␍", "\n", "␊")

// Lines returns a CSV table of the grants of a review, one grant a line, sorted by experiment and principal. The columns for the decision are
// empty. Fields are quoted and escaped as by [Matrix.CSV], and line breaks in them are visible characters, so that a grant is one line of text. Experiments without grants, and those that could not be read, have no line.
func Lines(r Review) string {
	var b strings.Builder
	writeCSVLine(&b, lineColumns)
	for _, e := range byExperiment(r) {
		for _, g := range e.grants {
			fields := []string{
				g.ExperimentID, g.Experiment, e.Owner, e.LastUpdated, g.Kind, g.Principal, g.DisplayName, g.Level, strconv.FormatBool(g.Inherited),
				g.InheritedFrom, strconv.FormatBool(g.Effective), Fingerprint(g), "", "", "", "",
			}
			for i := range fields {
				fields[i] = visibleBreaks.Replace(fields[i])
			}
			writeCSVLine(&b, fields)
		}
	}
	return b.String()
}
