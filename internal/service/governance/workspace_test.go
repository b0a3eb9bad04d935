package governance_test

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestWorkspace_databricks: the argument workspace is rejected on Databricks, which has no MLflow workspaces.
func TestWorkspace_databricks(t *testing.T) {
	t.Parallel()
	_, says := acctest.NewWorkspace(t).
		Provider(t, emulator.AdminToken).
		ReadDataSource("mlflow_permission_review", map[string]any{"workspace": "risk"})
	if !strings.HasPrefix(says, "error at workspace: MLflow workspaces are not supported: Databricks has no MLflow workspaces.") {
		t.Errorf("got diagnostics %q, want an error at workspace", says)
	}
}
