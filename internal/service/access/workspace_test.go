package access_test

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestWorkspace_databricks: the workspace argument is rejected on servers without MLflow workspaces, before a request is sent.
func TestWorkspace_databricks(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	d := w.Provider(t, emulator.AdminToken)
	const rejected = "MLflow workspaces are not supported: Databricks has no MLflow workspaces. Remove the workspace argument"
	for kind, config := range map[string]map[string]any{
		"mlflow_experiment_permission":  {"experiment_id": "1", "group_name": "risk", "permission_level": "CAN_READ"},
		"mlflow_experiment_permissions": {"experiment_id": "1", "groups": map[string]string{"risk": "CAN_READ"}},
	} {
		config["workspace"] = "risk"
		if says := d.Plan(kind, config); !strings.Contains(says, "error at workspace: "+rejected) {
			t.Errorf("plan of %s: got diagnostics %q, want an error at workspace", kind, says)
		}
	}
	for kind, config := range map[string]map[string]any{"mlflow_experiment_permissions": {"experiment_id": "1"},
		"mlflow_current_user": {}} {
		config["workspace"] = "risk"
		if _, says := d.ReadDataSource(kind, config); !strings.HasPrefix(says, "error at workspace: "+rejected) {
			t.Errorf("data source %s: got diagnostics %q, want an error at workspace", kind, says)
		}
	}
	listed := d.ListResources("mlflow_experiment_permissions", map[string]any{"workspace": "risk"}, 0, false)
	if len(listed) != 1 || !strings.Contains(listed[0].Diagnostics, rejected) {
		t.Errorf("list: got %+v, want an error", listed)
	}
	for kind, id := range map[string]string{"mlflow_experiment_permission": "workspace=risk,1/group/risk",
		"mlflow_experiment_permissions": "workspace=risk,1"} {
		if _, says := d.ImportState(kind, id); !strings.Contains(says, rejected) {
			t.Errorf("import of %s: got diagnostics %q, want an error", kind, says)
		}
	}
	if calls := w.Calls(); len(calls) > 0 {
		t.Errorf("got requests %v, want none", calls)
	}
}
