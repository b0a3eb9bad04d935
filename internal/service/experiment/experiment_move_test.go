package experiment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestMove_experiment(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	e, _ := w.Experiment(w.CreateExperiment(emulator.OtherUser, "/Shared/churn", map[string]string{"team": "risk"}))
	w.SetTag(e.ID, "mlflow.note.content", "Predicts churn")
	d := w.Provider(t, emulator.AdminToken)
	for _, address := range []string{acctest.DatabricksProviderAddress, "registry.opentofu.org/databricks/databricks",
		"registry.opentofu.org/mlflow-terraform/mlflow"} {
		state, got := d.Move("mlflow_experiment", "databricks_mlflow_experiment", address, acctest.DatabricksExperimentState(e))
		if got != "" || state["id"] != e.ID || state["name"] != "/Shared/churn" || state["description"] != "Predicts churn" ||
			fmt.Sprint(state["tags"]) != "map[team:risk]" || state["artifact_location"] != e.ArtifactLocation {
			t.Errorf("move from %s: got state %v and diagnostics %q, want the state of the experiment", address, state, got)
		}
	}
	state, got := d.Move("mlflow_experiment", "databricks_job", acctest.DatabricksProviderAddress, acctest.DatabricksExperimentState(e))
	if state != nil || !strings.HasPrefix(got, "error") {
		t.Errorf("move from another type: got state %v and diagnostics %q, want an error", state, got)
	}
	t.Run("one that was deleted unnoticed is created anew", func(t *testing.T) {
		w.Trash(e.ID)
		state, got := d.Move(
			"mlflow_experiment",
			"databricks_mlflow_experiment",
			acctest.DatabricksProviderAddress,
			acctest.DatabricksExperimentState(e),
		)
		if state != nil || !strings.HasPrefix(got, "warning: Experiment not found, removed from state") {
			t.Errorf("got state %v and diagnostics %q, want no state and a warning", state, got)
		}
	})
	w.ExpectWrites(t)
}
