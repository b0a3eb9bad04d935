package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// plannedChange is the report of the runs that an action changes, in a plan.
type plannedChange struct {
	client *mlflow.Client
	// verb is "delete" or "restore", and state the current state of the runs, "active" or "deleted".
	verb, state string
	// runs are the oldest matching runs, and more reports whether more runs match.
	runs []mlflow.RunRef
	more bool
	// limit is the maximum number of runs that the action changes. With serverSelects, the server selects them.
	limit         int
	serverSelects bool
	// conditions describes the selection, for example " that started before …". It is "" if all runs are selected.
	conditions string
	advice     string
}

// warn adds a warning if runs match.
func (p plannedChange) warn(ctx context.Context, diags *diag.Diagnostics) {
	if len(p.runs) == 0 {
		return
	}
	ids, groups := byExperiment(p.runs)
	slices.Sort(ids)
	matching := "matching run"
	if p.serverSelects {
		matching = p.state + " run"
	}
	lines := []string{framework.UpperFirst(matching) + "s:"}
	if p.more {
		lines = []string{fmt.Sprintf("The oldest %s:", countOf(len(p.runs), matching))}
	}
	for i, id := range ids {
		lines = append(lines, fmt.Sprintf("- %s: %s", p.describe(ctx, id, i), countOf(len(groups[id]), "run")))
	}
	last := strings.TrimSpace("The action selects the runs again when it is invoked. " + p.advice)
	diags.AddWarning("Action "+p.verb+"s runs", strings.Join([]string{p.summary(), strings.Join(lines, "\n"), last}, "\n\n"))
}

// summary returns the number of runs that the action changes, and the number of matching runs if it is higher.
func (p plannedChange) summary() string {
	n := len(p.runs)
	text := fmt.Sprintf("The action %ss %s%s", p.verb, countOf(min(n, p.limit), p.state+" run"), p.conditions)
	switch {
	case p.serverSelects:
	case p.more:
		text += fmt.Sprintf(": the oldest of more than %s, as max_runs allows", formatCount(n))
	case n > p.limit:
		text += fmt.Sprintf(": the oldest of %s, as max_runs allows", formatCount(n))
	}
	return text + "."
}

// maxNamedExperiments is the maximum number of experiments that a warning describes by name, which requires one request each.
const maxNamedExperiments = 20

func (p plannedChange) describe(ctx context.Context, id string, i int) string {
	name := ""
	if i < maxNamedExperiments {
		if e, err := p.client.GetExperiment(ctx, id); err == nil {
			name = e.Name
		}
	}
	return framework.DescribeExperiment(id, name)
}
