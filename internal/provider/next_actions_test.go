//go:build next

package provider_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// actions runs the examples of actions with the CLI.
type actions struct {
	*program
	w    *acctest.Workspace
	id   string   // of the experiment /Shared/churn
	runs []string // a day apart, the last one two days old
}

func newActions(t *testing.T, examplesOf ...string) *actions {
	t.Helper()
	a := &actions{w: acctest.NewWorkspace(t)}
	a.id = a.w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	a.runs = a.w.SeedRuns(a.id, 200, time.Now().Add(-201*24*time.Hour), 24*time.Hour)
	text := ""
	for _, name := range examplesOf {
		text += examples[name].text(t) + "\n"
	}
	a.program = newProgram(t, text, "DATABRICKS_HOST="+a.w.URL, "DATABRICKS_TOKEN="+emulator.AdminToken)
	return a
}

// expect runs a command, and checks whether it succeeds, and its output.
func (a *actions) expect(ok bool, prints []string, args ...string) {
	a.t.Helper()
	out, err := a.run(args...)
	if ok != (err == nil) {
		a.t.Errorf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	out = joinedLines.ReplaceAllString(out, " ")
	for _, text := range prints {
		if !strings.Contains(out, text) {
			a.t.Errorf("terraform %s does not print %q:\n%s", strings.Join(args, " "), text, out)
		}
	}
}

// joinedLines matches where the CLI breaks a line of a diagnostic.
var joinedLines = regexp.MustCompile(`\s*\n[│ ]*`)

func (a *actions) deleted() int {
	n := 0
	for _, r := range a.w.RunsOf(a.id) {
		if r.Deleted != 0 {
			n++
		}
	}
	return n
}

func apply(action string, more ...string) []string {
	return append([]string{"apply", "-no-color", "-input=false", "-auto-approve", "-invoke=action." + action}, more...)
}

// TestNext_actionsInvoked deletes runs and restores them, with the examples.
func TestNext_actionsInvoked(t *testing.T) {
	t.Parallel()
	a := newActions(t, "action, delete runs", "action, restore runs by ID")
	ids := `-var=run_ids=["` + a.runs[0] + `","` + a.runs[1] + `"]`
	a.expect(
		true,
		[]string{"Warning: Action deletes runs", "The action deletes 112 active runs that started before", `experiment "/Shared/churn"`},
		"plan",
		"-no-color",
		"-input=false",
		"-invoke=action.mlflow_delete_runs.old",
		ids,
	)
	a.w.ExpectWrites(t)
	a.expect(
		true,
		[]string{"Action started: action.mlflow_delete_runs.old", "Deleted 112 runs", "Action complete"},
		apply("mlflow_delete_runs.old", ids)...)
	if n := a.deleted(); n != 112 {
		t.Errorf("%d runs are deleted", n)
	}
	a.expect(true, []string{"Warning: Action restores runs", "Restored 2 runs"}, apply("mlflow_restore_runs.these", ids)...)
	if n := a.deleted(); n != 110 {
		t.Errorf("%d runs are deleted", n)
	}
}

// TestNext_actionsFailed: an apply reports the error of its action, and the next apply continues the deletion.
func TestNext_actionsFailed(t *testing.T) {
	t.Parallel()
	a := newActions(t, "action, delete runs")
	a.w.Inject(
		emulator.Fault{Path: "/api/2.0/mlflow/databricks/runs/delete-runs", Status: 403, Code: "PERMISSION_DENIED", Message: "not yours"},
	)
	a.expect(
		false,
		[]string{"Could not delete runs", "not yours", "So far, the action deleted 0 of 112 runs; 112 remain."},
		apply("mlflow_delete_runs.old")...)
	a.expect(true, []string{"Deleted 112 runs"}, apply("mlflow_delete_runs.old")...)
}

// TestNext_actionsTriggered: the change of a resource triggers an action.
func TestNext_actionsTriggered(t *testing.T) {
	t.Parallel()
	a := newActions(t, "action, set run tags")
	for _, id := range a.runs[:2] {
		args := []string{"apply", "-no-color", "-input=false", "-auto-approve", "-var=deployed_run=" + id}
		a.expect(true, []string{"Action started: action.mlflow_set_run_tags.deployed", "Changed tags of run"}, args...)
		if r, _ := a.w.Run(id); r.Tags["stage"] != "production" {
			t.Errorf("tags: got %q", r.Tags)
		}
		a.w.ResetJournal()
		a.expect(true, []string{"No changes."}, args...)
		a.w.ExpectWrites(t)
	}
	a.w.DeleteRun(a.runs[2])
	a.expect(false, []string{"Run is deleted", "mlflow_restore_runs"}, "plan", "-no-color", "-input=false", "-var=deployed_run="+a.runs[2])
}

// TestNext_actionsExperiment restores an experiment with its runs.
func TestNext_actionsExperiment(t *testing.T) {
	t.Parallel()
	a := newActions(t, "action, restore experiment")
	a.w.Trash(a.id)
	a.expect(true, []string{"Warning: Action restores experiment", "Restored experiment"}, apply("mlflow_restore_experiment.churn")...)
	a.expect(true, []string{"is active already"}, apply("mlflow_restore_experiment.churn")...)
	if n := a.deleted(); n != 0 {
		t.Errorf("%d runs are deleted", n)
	}
}

// TestNext_actionsRestored restores by start time, and by the time of deletion.
func TestNext_actionsRestored(t *testing.T) {
	t.Parallel()
	a := newActions(t, "action, restore runs")
	for _, id := range a.runs {
		a.w.DeleteRun(id)
	}
	a.expect(
		true,
		[]string{"deleted runs at most, of those deleted at or after 2026-11-25T00:00:00Z"},
		"plan",
		"-no-color",
		"-input=false",
		"-invoke=action.mlflow_restore_runs.last_night",
	)
	a.expect(true, []string{"Restored "}, apply("mlflow_restore_runs.first_half")...)
}

// TestNext_actionsOfVariables: the CLI validates actions before it knows the values of variables. An invalid cutoff does not delete all
// runs.
func TestNext_actionsOfVariables(t *testing.T) {
	t.Parallel()
	a := newActions(t)
	a.program = newProgram(t, strings.NewReplacer("EXPERIMENT", a.id).Replace(`
variable "age" {
  type    = string
  default = null
}

provider "mlflow" {}

action "mlflow_delete_runs" "old" {
  config {
    experiment_ids = ["EXPERIMENT"]
    older_than     = var.age
    max_runs       = 1000
  }
}
`), "DATABRICKS_HOST="+a.w.URL, "DATABRICKS_TOKEN="+emulator.AdminToken)
	a.expect(false, []string{"Invalid age", "90 days"}, apply("mlflow_delete_runs.old", "-var=age=90 days")...)
	a.expect(false, []string{"Invalid Attribute Combination"}, apply("mlflow_delete_runs.old")...)
	a.w.ExpectWrites(t)
	a.expect(true, []string{"Deleted 112 runs"}, apply("mlflow_delete_runs.old", "-var=age=90d")...)
}
