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
	const refused = "MLflow workspaces not supported: Databricks has no MLflow workspaces. Remove the workspace argument"
	if says := d.Plan("mlflow_experiment_tag", config); !strings.Contains(says, "error at workspace: "+refused) {
		t.Errorf("the plan says %q", says)
	}
	config["workspace"] = "Not A Name"
	if says := d.Plan("mlflow_experiment_tag", config); !strings.HasPrefix(says, "error at workspace: ") ||
		!strings.Contains(says, "must be the name of an MLflow workspace") {
		t.Errorf("a name that can't be says %q", says)
	}
	if seen := w.Calls(); len(seen) > 0 {
		t.Errorf("the server was asked %v", seen)
	}
}
