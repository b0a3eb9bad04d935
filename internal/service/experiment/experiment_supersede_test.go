package experiment_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// withDeleted returns a workspace where a deleted experiment with a run reserves the name /Shared/churn.
func withDeleted(t *testing.T) (w *acctest.Workspace, old string) {
	t.Helper()
	w = acctest.NewWorkspace(t, emulator.Options{DeletedReserveName: true})
	old = w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"old": "yes"})
	w.AddRun(old)
	w.Trash(old)
	return w, old
}

func TestExperiment_ifDeleted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config map[string]any
		want   string
		// restored: the old experiment is active and managed; superseded: it is renamed and deleted, and a new one is managed.
		restored, superseded bool
	}{
		"default": {want: "error at name: Could not create experiment: name reserved by a deleted experiment: " +
			"Experiment \"/Shared/churn\" (ID) is deleted"},
		"error": {config: map[string]any{"if_deleted": "error"},
			want: "error at name: Could not create experiment: name reserved by a deleted experiment"},
		"restore": {config: map[string]any{"if_deleted": "restore"}, restored: true},
		"restore at the same location": {config: map[string]any{"if_deleted": "restore",
			"artifact_location": "dbfs:/databricks/mlflow-tracking/ID"}, restored: true},
		"restore, but declared somewhere else": {config: map[string]any{"if_deleted": "restore", "artifact_location": "s3://bucket/a"},
			want: "error at artifact_location: Could not restore experiment"},
		"supersede": {config: map[string]any{"if_deleted": "supersede"}, superseded: true},
		"supersede at another location": {config: map[string]any{"if_deleted": "supersede", "artifact_location": "s3://bucket/a"},
			superseded: true},
	} {
		t.Run(name, func(t *testing.T) {
			w, old := withDeleted(t)
			config := map[string]any{"name": "/Shared/churn", "tags": map[string]string{"team": "risk"}}
			maps.Copy(config, c.config)
			if location, ok := config["artifact_location"].(string); ok {
				config["artifact_location"] = strings.ReplaceAll(location, "ID", old)
			}
			state, got := w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", config)
			if want := withID(c.want, old); want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("create: got diagnostics %q, want %q", got, want)
			}
			checkDeleted(t, w, old, state, c.restored, c.superseded)
		})
	}
}

// checkDeleted checks whether the deleted experiment was restored, superseded, or not changed.
func checkDeleted(t *testing.T, w *acctest.Workspace, old string, state map[string]any, restored, superseded bool) {
	t.Helper()
	e, _ := w.Experiment(old)
	switch {
	case restored:
		if e.LifecycleStage != "active" || state["id"] != old {
			t.Errorf("got old experiment %+v and state %v, want it active and managed", e, state)
		}
		w.ExpectTags(t, "/Shared/churn", map[string]string{"old": "yes", "team": "risk"})
	case superseded:
		if e.LifecycleStage != "deleted" || e.Name != fmt.Sprintf("/Shared/churn (superseded %s)", old) {
			t.Errorf("got old experiment %s %q, want it renamed and deleted", e.LifecycleStage, e.Name)
		}
		if now := w.MustFind(t, "/Shared/churn"); now.ID == old || state["id"] != now.ID {
			t.Errorf("got new experiment %s and state %v, want a new, managed one", now.ID, state)
		}
		w.ExpectTags(t, "/Shared/churn", map[string]string{"team": "risk"})
	default:
		if e.LifecycleStage != "deleted" || e.Name != "/Shared/churn" || state != nil || len(w.Experiments()) != 1 {
			t.Errorf("got old experiment %s %q and state %v, want it unchanged and no state", e.LifecycleStage, e.Name, state)
		}
	}
}

// TestExperiment_supersedeResumes interrupts superseding at each of its steps, before and after the effect: the error contains the ID and
// the current name, and the next apply has the same result as an uninterrupted one.
func TestExperiment_supersedeResumes(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"restore", "set-experiment-tag", "update", "delete", "get-by-name", "create"} {
		for _, afterEffect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after the effect %t", step, afterEffect), func(t *testing.T) {
				w, old := withDeleted(t)
				fault := emulator.Fault{Path: acctest.ExperimentsPath + step, Status: 400, Code: "INVALID_STATE", Message: "no luck",
					AfterEffect: afterEffect, Times: 1000}
				if step == "get-by-name" {
					fault.Skip = 1 // the first look is an ordinary failure
				}
				if step == "create" && afterEffect {
					fault.Status, fault.Code, fault.Times = 503, "TEMPORARILY_UNAVAILABLE", 1
				}
				w.Inject(fault)
				config := map[string]any{"name": "/Shared/churn", "tags": map[string]string{"team": "risk"}, "if_deleted": "supersede"}
				d := w.Provider(t, emulator.AdminToken)
				state, got := d.Create("mlflow_experiment", config)
				if state == nil {
					if !strings.HasPrefix(got, "error") {
						t.Errorf("create: got diagnostics %q", got)
					}
					if superseding := step != "get-by-name" && step != "create"; superseding && !strings.Contains(got, "(ID "+old+"): ") {
						t.Errorf("create: got diagnostics %q, want the ID and the name in them", got)
					}
					w.ClearFaults()
					state, got = w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", config) // the next apply is another process
				}
				if got != "" {
					t.Errorf("second create: got diagnostics %q, want none", got)
				}
				checkDeleted(t, w, old, state, false, true)
				if n := len(w.Experiments()); n != 2 {
					t.Errorf("got %d experiments, want 2", n)
				}
			})
		}
	}
}

// TestExperiment_supersedeRestoreUnknown: if both the restore and the read after it fail, the experiment has no mark, and the next apply
// cannot distinguish it from an unrelated one. The error reports that.
func TestExperiment_supersedeRestoreUnknown(t *testing.T) {
	t.Parallel()
	w, old := withDeleted(t)
	w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "restore", Status: 400, Code: "INVALID_STATE", Message: "no luck",
		AfterEffect: true})
	w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "get", Status: 400, Code: "INVALID_STATE", Message: "no look"})
	config := map[string]any{"name": "/Shared/churn", "if_deleted": "supersede"}
	create := func() (map[string]any, string) {
		return w.Provider(t, emulator.AdminToken).Create("mlflow_experiment", config)
	} // each in an apply of its own
	state, got := create()
	if state != nil || !strings.Contains(got, "could not verify whether the experiment is active now") ||
		!strings.Contains(got, "delete the experiment first") {
		t.Errorf("create: got diagnostics %q", got)
	}
	if _, got := create(); !strings.Contains(got, "name already in use") {
		t.Errorf("second create: got diagnostics %q", got)
	}
	w.Trash(old)
	if state, got := create(); got != "" || state["id"] == old {
		t.Errorf("create after a second delete: got diagnostics %q and state %v, want a new experiment", got, state)
	}
}
