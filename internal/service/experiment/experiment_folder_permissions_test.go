package experiment_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestExperiment_folderPermissions: if an operation requires a permission on the folder, the error contains it.
func TestExperiment_folderPermissions(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t, emulator.Options{RequireFolderPermissions: true})
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_RUN")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	w.Grant(id, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	e, _ := w.Experiment(id)
	state := acctest.StateOfExperiment(e, map[string]any{"deletion_policy": "delete"})
	d := w.Provider(t, emulator.UserToken)
	const advice = "needs CAN_EDIT or CAN_MANAGE on its folder"

	_, says := d.Create("mlflow_experiment", map[string]any{"name": "/Projects/new"})
	acctest.ExpectDiagnostics(t, says, "error: Could not create experiment", advice)
	_, says = d.Create("mlflow_experiment", map[string]any{"name": "/Projects/traced", "trace_location": declaredTraces("main", "traces", "")})
	acctest.ExpectDiagnostics(t, says, "error: Could not create experiment", advice, "CREATE TABLE") // either may be what is missing
	_, says = d.Apply("mlflow_experiment", state, map[string]any{"name": "/Projects/renamed", "deletion_policy": "delete"})
	acctest.ExpectDiagnostics(t, says, "error: Could not rename experiment", advice, "CAN_MANAGE on its old and its new folder")
	_, says = w.Provider(t, emulator.UserToken).Apply("mlflow_experiment", state, nil) // another run
	acctest.ExpectDiagnostics(t, says, "error: Could not delete experiment", advice)
}
