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

// planned is the report of the runs that an action changes, in a plan.
type planned struct {
	client *mlflow.Client
	// verb is "delete" or "restore", and state the current state of the runs, "active" or "deleted".
	verb, state string
	// runs are the oldest matching runs, and more reports whether more runs match.
	runs []mlflow.RunRef
	more bool
	// limit is the maximum number of runs that the action changes. With open, the server selects them.
	limit int
	open  bool
	// conditions describes the selection, for example " that started before …". It is "" if all runs are selected.
	conditions string
	advice     string
}

// warn adds a warning if runs match.
func (p planned) warn(ctx context.Context, diags *diag.Diagnostics) {
	if len(p.runs) == 0 {
		return
	}
	ids, groups := byExperiment(p.runs)
	slices.Sort(ids)
	matching := "matching run"
	if p.open {
		matching = p.state + " run"
	}
	lines := []string{framework.UpperFirst(matching) + "s:"}
	if p.more {
		lines = []string{fmt.Sprintf("The oldest %s:", sizeOf(len(p.runs), matching))}
	}
	for i, id := range ids {
		lines = append(lines, fmt.Sprintf("- %s: %s", p.describe(ctx, id, i), sizeOf(len(groups[id]), "run")))
	}
	last := strings.TrimSpace("The action selects the runs again when it is invoked. " + p.advice)
	diags.AddWarning("Action "+p.verb+"s runs", strings.Join([]string{p.sentence(), strings.Join(lines, "\n"), last}, "\n\n"))
}

// sentence returns the number of runs that the action changes, and the number of matching runs if it is higher.
func (p planned) sentence() string {
	n := len(p.runs)
	text := fmt.Sprintf("The action %ss %s%s", p.verb, sizeOf(min(n, p.limit), p.state+" run"), p.conditions)
	switch {
	case p.open:
	case p.more:
		text += fmt.Sprintf(": the oldest of more than %s, as max_runs allows", grouped(n))
	case n > p.limit:
		text += fmt.Sprintf(": the oldest of %s, as max_runs allows", grouped(n))
	}
	return text + "."
}

// namedExperiments is the maximum number of experiments that a warning describes by name, which requires one request each.
const namedExperiments = 20

func (p planned) describe(ctx context.Context, id string, i int) string {
	name := ""
	if i < namedExperiments {
		if e, err := p.client.GetExperiment(ctx, id); err == nil {
			name = e.Name
		}
	}
	return framework.DescribeExperiment(id, name)
}
