package server_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// TestWorkspaceResource_unplannedReplacement checks that a replacement that no plan showed is rejected.
func TestWorkspaceResource_unplannedReplacement(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	w.MustApply(map[string]any{"name": "risk"})
	acctest.ExpectDiagnostics(t, w.Refresh(), "")
	late := w.Plan(map[string]any{"name": tftypes.UnknownValue})
	if late.Diagnostics != "" || late.Action != "update" {
		t.Errorf("unknown name: got plan %s, %q, want update", late.Action, late.Diagnostics)
	}
	renamed := map[string]any{"name": "fraud"}
	w.Provider = w.Restart() // the apply, which does not refresh
	says := "error at name: Could not replace workspace"
	acctest.ExpectDiagnostics(t, w.Plan(renamed).Diagnostics, says, `MLflow workspace "risk" cannot be renamed to "fraud"`)
	shown := w.Restart().Resource("mlflow_workspace").Plan(renamed)
	updates := acctest.Resource{Provider: w.Restart(), TypeName: w.TypeName, State: w.State, Private: w.Private}
	acctest.ExpectDiagnostics(t, updates.ApplyPlan(shown, renamed), says)
	acctest.ExpectDiagnostics(t, w.Refresh(), "")
	if plan := w.Plan(renamed); plan.Action != "replace" {
		t.Errorf("new name: got plan %s, %q, want replace", plan.Action, plan.Diagnostics)
	}
	if s.workspaces["risk"] == nil || s.workspaces["fraud"] != nil {
		t.Errorf("got workspaces %v, want only risk", s.workspaces)
	}
}

// TestWorkspaceResource_replaceOption checks replacements with -replace or replace_triggered_by, which the first plan does not show.
func TestWorkspaceResource_replaceOption(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := map[string]any{"name": "risk"}
	w.MustApply(config)
	replace := func() string {
		t.Helper()
		acctest.ExpectDiagnostics(t, w.Refresh(), "")
		kept := w.Plan(config)
		acctest.ExpectDiagnostics(t, kept.Diagnostics, "")
		again := w.Resource("mlflow_workspace")
		again.Private = kept.Resp.PlannedPrivate
		return again.Plan(config).Diagnostics
	}
	acctest.ExpectDiagnostics(t, replace(), "")
	s.change(func() { s.experiments["risk"] = []string{"churn"} })
	acctest.ExpectDiagnostics(t, replace(), "error at deletion_policy: Could not replace workspace", `It contains 1 experiment ("churn")`)
}

// TestWorkspaceResource_plannedTwice checks that an address that is planned more than once in a process counts as one resource.
func TestWorkspaceResource_plannedTwice(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	w := s.Provider(t, nil).Resource("mlflow_workspace")
	config := map[string]any{"name": "risk"}
	w.MustApply(config)
	for range 3 {
		acctest.ExpectDiagnostics(t, w.Plan(config).Diagnostics, "")
	}
}
