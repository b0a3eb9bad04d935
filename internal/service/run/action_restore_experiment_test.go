package run_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

const restoreExperiment = "POST " + acctest.ExperimentsPath + "restore"

func TestRestoreExperiment(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{false, true} {
		for name, tc := range map[string]struct {
			// prepare returns the configuration.
			prepare  func(w *acctest.Workspace, id string) map[string]any
			says     []string // of the invocation, none if it succeeds
			warns    bool     // whether the plan warns
			restored bool
		}{
			"by ID": {prepare: func(w *acctest.Workspace, id string) map[string]any {
				w.Trash(id)
				return map[string]any{"experiment_id": id}
			}, warns: true, restored: true},
			"by name": {prepare: func(w *acctest.Workspace, id string) map[string]any {
				w.Trash(id)
				return map[string]any{"name": "/Workspace/Shared/churn"}
			}, warns: true, restored: true},
			"active": {prepare: func(_ *acctest.Workspace, id string) map[string]any { return map[string]any{"experiment_id": id} }},
			"active, by name": {prepare: func(*acctest.Workspace, string) map[string]any {
				return map[string]any{"name": "/Shared/churn"}
			}},
			"purged": {prepare: func(w *acctest.Workspace, id string) map[string]any {
				w.Trash(id)
				w.Purge(id)
				return map[string]any{"experiment_id": id}
			}, says: []string{"error at experiment_id: Could not read experiment: ", "purged"}},
			"purged, by name": {prepare: func(w *acctest.Workspace, id string) map[string]any {
				w.Trash(id)
				w.Purge(id)
				return map[string]any{"name": "/Shared/churn"}
			}, says: []string{"error at name: Could not read experiment: ", "purged"}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := acctest.NewWorkspace(t, emulator.Options{DeletedReserveName: keeps})
				id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
				w.AddRun(id)
				config := tc.prepare(w, id)
				action := w.Action(t, emulator.AdminToken, "mlflow_restore_experiment")
				w.ResetJournal()
				plan := action.Plan(config)
				switch {
				case tc.says != nil:
					acctest.ExpectDiagnostics(t, plan, tc.says[0], tc.says...)
				case tc.warns:
					acctest.ExpectDiagnostics(t, plan, "warning: Action restores experiment: ")
				default:
					acctest.ExpectDiagnostics(t, plan, "")
				}
				w.ExpectWrites(t)
				_, says := action.Invoke(config)
				if tc.says != nil {
					acctest.ExpectDiagnostics(t, says, tc.says[0], tc.says...)
					w.ExpectWrites(t)
					return
				}
				acctest.ExpectDiagnostics(t, says, "")
				if tc.restored {
					w.ExpectWrites(t, restoreExperiment)
				} else {
					w.ExpectWrites(t)
				}
				if e := w.MustFind(t, "/Shared/churn"); e.ID != id {
					t.Errorf("got experiment %s, want %s", e.ID, id)
				}
			})
		}
	}
}

// TestRestoreExperiment_ambiguous checks the error if several deleted experiments had the same name, which Databricks allows.
func TestRestoreExperiment_ambiguous(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	trash := func(name string) string {
		id := w.CreateExperiment(emulator.Admin, name, nil)
		w.Trash(id)
		return id
	}
	first, second := trash("/Shared/churn"), trash("/Shared/churn")
	trash("/Shared/churn-2")
	other := trash("/Users/" + emulator.Admin + "/50% of 'it'")
	action := w.Action(t, emulator.AdminToken, "mlflow_restore_experiment")
	for name, says := range map[string][]string{
		"/Shared/churn": {"error at name: Experiment name is ambiguous: Several deleted experiments had the name", first, second,
			"Set experiment_id instead of name."},
		"/Shared/team/churn": {"error at name: Experiment name is ambiguous: No deleted experiment is known to have had the name",
			first, second},
		"/Shared/50% of 'it'": {"error at name: Experiment name is ambiguous: No deleted experiment is known to have had the name",
			other},
		"/Shared/something":     {"error at name: Could not read experiment: "},
		"/Shared/churn-2/three": {"error at name: Could not read experiment: "},
	} {
		_, got := action.Invoke(map[string]any{"name": name})
		acctest.ExpectDiagnostics(t, got, says[0], says...)
		acctest.ExpectDiagnostics(t, action.Plan(map[string]any{"name": name}), says[0])
	}
	w.ExpectWrites(t)
	w.CreateExperiment(emulator.Admin, "/Shared/churn", nil) // the name is in use again
	_, got := action.Invoke(map[string]any{"experiment_id": second})
	acctest.ExpectDiagnostics(t, got, "error: Could not restore experiment: ", "Another experiment now has this name.")
}

func TestRestoreExperiment_refused(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	action := w.Action(t, emulator.AdminToken, "mlflow_restore_experiment")
	for name, tc := range map[string]struct {
		config map[string]any
		says   string
	}{
		"neither":    {map[string]any{}, "error at experiment_id: Invalid Attribute Combination"},
		"both":       {map[string]any{"experiment_id": "1", "name": "/x"}, "error at experiment_id: Invalid Attribute Combination"},
		"unknown":    {map[string]any{"experiment_id": tftypes.UnknownValue}, ""},
		"not an ID":  {map[string]any{"experiment_id": "/Shared/x"}, "error at experiment_id: "},
		"an unknown": {map[string]any{"name": tftypes.UnknownValue}, ""},
	} {
		t.Run(name, func(t *testing.T) { acctest.ExpectDiagnostics(t, action.Plan(tc.config), tc.says) })
	}
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("got requests %q, want none", calls)
	}
}

// TestRestoreExperiment_faults checks a restore request whose response is lost or that is rate-limited.
func TestRestoreExperiment_faults(t *testing.T) {
	t.Parallel()
	for _, fault := range []emulator.Fault{{DropAfter: true}, {DropBefore: true}, {Status: 500, Code: "INTERNAL_ERROR", AfterEffect: true},
		{Status: 429}} {
		w := acctest.NewWorkspace(t)
		id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
		w.Trash(id)
		fault.Path = acctest.ExperimentsPath + "restore"
		w.Inject(fault)
		w.Action(t, emulator.AdminToken, "mlflow_restore_experiment").MustInvoke(map[string]any{"experiment_id": id})
		w.MustFind(t, "/Shared/churn")
	}
}
