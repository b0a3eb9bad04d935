package experiment_test

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
	const refused = "MLflow workspaces are not supported: Databricks has no MLflow workspaces. Remove the workspace argument"
	config := map[string]any{"name": "/Shared/churn", "workspace": "risk"}
	if says := d.Plan("mlflow_experiment", config); !strings.Contains(says, "error at workspace: "+refused) {
		t.Errorf("plan: got diagnostics %q, want %q", says, refused)
	}
	config["workspace"] = "Not A Name"
	if says := d.Plan("mlflow_experiment", config); !strings.HasPrefix(says, "error at workspace: ") ||
		!strings.Contains(says, "must be the name of an MLflow workspace") {
		t.Errorf("invalid name: got diagnostics %q, want an error about the name", says)
	}
	for kind, config := range map[string]map[string]any{"mlflow_experiment": {"name": "/Shared/churn"}, "mlflow_experiments": {}} {
		config["workspace"] = "risk"
		if _, says := d.ReadDataSource(kind, config); !strings.HasPrefix(says, "error at workspace: "+refused) {
			t.Errorf("data source %s: got diagnostics %q, want %q", kind, says, refused)
		}
	}
	if listed := d.ListResources("mlflow_experiment", map[string]any{"workspace": "risk"}, 0, false); len(listed) != 1 ||
		!strings.Contains(listed[0].Diagnostics, refused) {
		t.Errorf("got list results %+v, want %q", listed, refused)
	}
	if _, says := d.ImportState("mlflow_experiment", "workspace=risk,12"); !strings.Contains(says, refused) {
		t.Errorf("import: got diagnostics %q, want %q", says, refused)
	}
	if seen := w.Calls(); len(seen) > 0 {
		t.Errorf("got requests %v, want none", seen)
	}
}
