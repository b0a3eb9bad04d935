//go:build next

package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const (
	setRunTag  = "POST /api/2.0/mlflow/runs/set-tag"
	deleteRuns = "POST /api/2.0/mlflow/databricks/runs/delete-runs"
)

// triggered returns an experiment whose lifecycle triggers an action: trigger is the content of action_trigger. In action, RUN becomes the
// ID of a run.
func triggered(t *testing.T, policy, trigger, action string) *actions {
	t.Helper()
	a := &actions{w: acctest.NewWorkspace(t)}
	a.id = a.w.CreateExperiment(emulator.Admin, "/Shared/training", nil)
	a.runs = a.w.SeedRuns(a.id, 1, time.Now().Add(-time.Hour), time.Minute)
	a.program = newProgram(t, fmt.Sprintf(`
		variable "description" {
		  default = "created"
		}
		resource "mlflow_experiment" "churn" {
		  name            = "/Shared/churn"
		  description     = var.description
		  deletion_policy = %q
		  lifecycle {
		    action_trigger {
		      %s
		    }
		  }
		}
		%s
	`, policy, trigger, strings.ReplaceAll(action, "RUN", a.runs[0])), "DATABRICKS_HOST="+a.w.URL, "DATABRICKS_TOKEN="+emulator.AdminToken)
	return a
}

// noteName sets a tag of a run to the name of the experiment that triggers it.
const noteName = `
	action "mlflow_set_run_tags" "note" {
	  config {
	    run_id = "RUN"
	    tags   = { note = caller.name }
	  }
	}
`

func (a *actions) apply(ok bool, prints []string, more ...string) {
	a.t.Helper()
	a.expect(ok, prints, append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, more...)...)
}

func (a *actions) plan(ok bool, prints string, more ...string) {
	a.t.Helper()
	a.expect(ok, []string{prints}, append([]string{"plan", "-no-color", "-input=false"}, more...)...)
}

// TestNext_actionEvents triggers an action by each event. Terraform 1.16 added those of a deletion, and the object caller.
func TestNext_actionEvents(t *testing.T) {
	t.Parallel()
	steps := []struct{ verb, write, argument string }{
		{"create", "create", "-var=description=created"},
		{"update", "set-experiment-tag", "-var=description=updated"},
		{"destroy", "delete", "-destroy"},
	}
	for _, at := range steps {
		for _, when := range []string{"before", "after"} {
			event := when + "_" + at.verb
			t.Run(event, func(t *testing.T) {
				t.Parallel()
				a := triggered(t, "delete", "events = ["+event+"]\nactions = [action.mlflow_set_run_tags.note]", noteName)
				for _, step := range steps {
					write := "POST " + acctest.ExperimentsPath + step.write
					want := map[string][]string{"before_" + step.verb: {setRunTag, write}, "after_" + step.verb: {write, setRunTag}}[event]
					if want == nil {
						want = []string{write}
					}
					a.w.ResetJournal()
					a.apply(true, nil, step.argument)
					a.w.ExpectWrites(t, want...)
				}
				if r, _ := a.w.Run(a.runs[0]); r.Tags["note"] != "/Shared/churn" {
					t.Errorf("tags of the run: got %q", r.Tags)
				}
			})
		}
	}
}

const deleteAll = `
	action "mlflow_delete_runs" "all" {
	  config {
	    experiment_ids = [caller.id]
	    older_than     = "1s"
	    max_runs       = 1000
	  }
	}
`

// TestNext_actionBeforeDestroy deletes the runs of an experiment before the experiment, for the resource that is destroyed or named with
// -target.
func TestNext_actionBeforeDestroy(t *testing.T) {
	t.Parallel()
	a := triggered(t, "delete", "events = [before_destroy]\nactions = [action.mlflow_delete_runs.all]", deleteAll)
	a.apply(true, nil)
	a.id = a.w.MustFind(t, "/Shared/churn").ID
	a.w.SeedRuns(a.id, 20, time.Now().Add(-time.Hour), time.Second)
	a.w.ResetJournal()
	a.expect(true, []string{"Deleted 20 runs"}, apply("mlflow_delete_runs.all", "-target=mlflow_experiment.churn")...)
	a.w.ExpectWrites(t, deleteRuns)
	a.w.SeedRuns(a.id, 10, time.Now().Add(-time.Hour), time.Second)
	a.w.ResetJournal()
	a.apply(true, []string{"The action deletes 10 active runs", "Deleted 10 runs"}, "-destroy")
	a.w.ExpectWrites(t, deleteRuns, "POST "+acctest.ExperimentsPath+"delete")
	if n := a.deleted(); n != 30 {
		t.Errorf("%d runs are deleted", n)
	}
}

// TestNext_actionKeepsPolicy: an action that would empty an experiment does not override delete_if_empty, and nothing is deleted.
func TestNext_actionKeepsPolicy(t *testing.T) {
	t.Parallel()
	a := triggered(t, "delete_if_empty", "events = [before_destroy]\nactions = [action.mlflow_delete_runs.all]", deleteAll)
	a.apply(true, nil)
	a.w.AddRun(a.w.MustFind(t, "/Shared/churn").ID)
	a.w.ResetJournal()
	a.apply(false, []string{"Could not destroy experiment", "It contains 1 run"}, "-destroy")
	a.w.ExpectWrites(t)
}

// failing returns an experiment with an action that the event triggers and that fails once.
func failing(t *testing.T, event, mode string) *actions {
	t.Helper()
	a := triggered(t, "delete_if_empty", "events = ["+event+"]\nactions = [action.mlflow_set_run_tags.note]\non_failure = "+mode, noteName)
	a.w.Inject(emulator.Fault{Path: "/api/2.0/mlflow/runs/set-tag", Status: 403, Code: "PERMISSION_DENIED", Message: "not yours"})
	return a
}

const failed = "Could not set tags of run"

// TestNext_actionFailsAfterCreate: with any on_failure, an action that fails does not change the experiment. With taint, Terraform then
// plans to replace it, which deletion_policy rejects if the experiment contains runs.
func TestNext_actionFailsAfterCreate(t *testing.T) {
	t.Parallel()
	for mode, next := range map[string]string{"continue": "No changes.", "halt": "No changes.",
		"taint": "mlflow_experiment.churn is tainted, so must be replaced"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			a := failing(t, "after_create", mode)
			a.apply(mode == "continue", []string{failed, "not yours"})
			a.plan(true, next)
			if mode != "taint" {
				return
			}
			a.w.AddRun(a.w.MustFind(t, "/Shared/churn").ID)
			a.w.ResetJournal()
			a.apply(false, []string{"It contains 1 run"})
			a.w.ExpectWrites(t)
			a.expect(true, nil, "untaint", "mlflow_experiment.churn")
			a.plan(true, "No changes.")
		})
	}
}

// TestNext_actionFailsBeforeDestroy: a failure keeps an experiment that is replaced. A destroy continues, since Terraform does not let an
// action block it.
func TestNext_actionFailsBeforeDestroy(t *testing.T) {
	t.Parallel()
	t.Run("replace", func(t *testing.T) {
		t.Parallel()
		a := failing(t, "before_destroy", "halt")
		a.apply(true, nil)
		id := a.w.MustFind(t, "/Shared/churn").ID
		a.apply(false, []string{failed}, "-replace=mlflow_experiment.churn")
		if e := a.w.MustFind(t, "/Shared/churn"); e.ID != id {
			t.Errorf("experiment: got %s, not %s", e.ID, id)
		}
		a.plan(true, "No changes.")
		a.apply(true, []string{"Changed tags of run", "1 destroyed"}, "-replace=mlflow_experiment.churn")
	})
	t.Run("destroy", func(t *testing.T) {
		t.Parallel()
		a := failing(t, "before_destroy", "halt")
		a.apply(true, nil)
		a.apply(true, []string{"Warning: " + failed, "1 destroyed"}, "-destroy")
	})
}
