package tag_test

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestWorkspace_databricks: the argument workspace causes an error on Databricks, before a request.
func TestWorkspace_databricks(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	d := w.Provider(t, emulator.AdminToken)
	config := map[string]any{"experiment_id": "1", "key": "team", "value": "risk", "workspace": "risk"}
	const refused = "MLflow workspaces are not supported: Databricks has no MLflow workspaces. Remove the workspace argument"
	if says := d.Plan("mlflow_experiment_tag", config); !strings.Contains(says, "error at workspace: "+refused) {
		t.Errorf("plan: got diagnostics %q, want %q", says, refused)
	}
	config["workspace"] = "Not A Name"
	if says := d.Plan("mlflow_experiment_tag", config); !strings.HasPrefix(says, "error at workspace: ") ||
		!strings.Contains(says, "must be the name of an MLflow workspace") {
		t.Errorf("invalid name: got diagnostics %q, want an error about the name", says)
	}
	if seen := w.Calls(); len(seen) > 0 {
		t.Errorf("got requests %v, want none", seen)
	}
}
