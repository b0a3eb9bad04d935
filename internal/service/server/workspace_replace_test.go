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
	w := s.Provider(t, nil).Block("mlflow_workspace")
	w.MustUp(map[string]any{"name": "risk"})
	acctest.ExpectSays(t, w.Refresh(), "")
	late := w.Plan(map[string]any{"name": tftypes.UnknownValue})
	if late.Says != "" || late.Action != "update" {
		t.Errorf("unknown name: got plan %s, %q, want update", late.Action, late.Says)
	}
	renamed := map[string]any{"name": "fraud"}
	w.Process = w.Again() // the apply, which does not refresh
	says := "error at name: Could not replace workspace"
	acctest.ExpectSays(t, w.Plan(renamed).Says, says, `MLflow workspace "risk" cannot be renamed to "fraud"`)
	shown := w.Again().Block("mlflow_workspace").Plan(renamed)
	updates := acctest.Block{Process: w.Again(), Kind: w.Kind, State: w.State, Private: w.Private}
	acctest.ExpectSays(t, updates.Apply(shown, renamed), says)
	acctest.ExpectSays(t, w.Refresh(), "")
	if plan := w.Plan(renamed); plan.Action != "replace" {
		t.Errorf("new name: got plan %s, %q, want replace", plan.Action, plan.Says)
	}
	if s.workspaces["risk"] == nil || s.workspaces["fraud"] != nil {
		t.Errorf("got workspaces %v, want only risk", s.workspaces)
	}
}

// TestWorkspaceResource_replaceOption checks replacements with -replace or replace_triggered_by, which the first plan does not show.
func TestWorkspaceResource_replaceOption(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	w := s.Provider(t, nil).Block("mlflow_workspace")
	config := map[string]any{"name": "risk"}
	w.MustUp(config)
	replace := func() string {
		t.Helper()
		acctest.ExpectSays(t, w.Refresh(), "")
		kept := w.Plan(config)
		acctest.ExpectSays(t, kept.Says, "")
		again := w.Process.Block("mlflow_workspace")
		again.Private = kept.Resp.PlannedPrivate
		return again.Plan(config).Says
	}
	acctest.ExpectSays(t, replace(), "")
	s.change(func() { s.experiments["risk"] = []string{"churn"} })
	acctest.ExpectSays(t, replace(), "error at deletion_policy: Could not replace workspace", `It contains 1 experiment ("churn")`)
}

// TestWorkspaceResource_plannedTwice checks that an address that is planned more than once in a process counts as one resource.
func TestWorkspaceResource_plannedTwice(t *testing.T) {
	t.Parallel()
	s := newWorkspaceServer(t)
	w := s.Provider(t, nil).Block("mlflow_workspace")
	config := map[string]any{"name": "risk"}
	w.MustUp(config)
	for range 3 {
		acctest.ExpectSays(t, w.Plan(config).Says, "")
	}
}
