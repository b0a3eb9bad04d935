package access_test

import (
	"fmt"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissionsDataSource_foldersOfARun checks that all data sources in a run, including a review, look up a folder once.
func TestPermissionsDataSource_foldersOfARun(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddGroup("science")
	w.GrantFolder("/Projects/team", emulator.GroupPrincipal("science"), "CAN_EDIT")
	const folder = "/Projects/team/a/b"
	var ids []string
	for i := range 5 {
		ids = append(ids, w.CreateExperiment(emulator.Admin, fmt.Sprintf("%s/%d", folder, i), nil))
	}
	d := w.Provider(t, emulator.AdminToken)
	w.ResetJournal()
	expect := func(object string, state map[string]any, says string) {
		t.Helper()
		found := false
		for _, g := range acctest.ObjectsOf(state["grants"]) {
			found = found || g["principal"] == "science" && g["inherited_from_path"] == "/Projects/team"
		}
		if !found || says != "" {
			t.Errorf("%s: got diagnostics %q and grants %v, want that of science with its path", object, says, state["grants"])
		}
	}
	for _, id := range ids {
		state, says := d.ReadDataSource("mlflow_experiment_permissions", map[string]any{"experiment_id": id})
		expect(id, state, says)
	}
	state, says := d.ReadDataSource("mlflow_permission_review", map[string]any{})
	expect("the review", state, says)
	if lookups := w.Count("GET", "/api/2.0/workspace/get-status"); lookups != 3 {
		t.Errorf("got %d lookups, want 3: one for each folder from %s up to /Projects/team", lookups, folder)
	}
}
