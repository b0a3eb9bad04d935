package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestMove_permissions(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil) // Ana has a direct CAN_MANAGE, which databricks_permissions omits
	w.AddGroup("risk")
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
	w.Grant(id, emulator.UserPrincipal(emulator.OtherUser), "CAN_EDIT")
	state := acctest.DatabricksPermissionsState(id, emulator.Grant{Principal: emulator.GroupPrincipal("risk"), Level: "CAN_READ"},
		emulator.Grant{Principal: emulator.UserPrincipal("Ben@Example.com"), Level: "CAN_EDIT"})
	d := w.Provider(t, emulator.UserToken)
	moved, got := d.Move("mlflow_experiment_permissions", "databricks_permissions", acctest.DatabricksProviderAddress, state)
	if got != "" || moved["experiment_id"] != id || fmt.Sprint(moved["groups"]) != "map[risk:CAN_READ]" ||
		fmt.Sprint(moved["users"]) != "map[Ben@Example.com:CAN_EDIT]" ||
		fmt.Sprint(moved["retained"]) != "map[ana@example.com:CAN_MANAGE]" {
		t.Errorf("got state %v and diagnostics %q, want the declared and the retained grants", moved, got)
	}
	job := map[string]any{"id": "/jobs/12", "object_type": "job", "job_id": "12"}
	if moved, got := d.Move("mlflow_experiment_permissions", "databricks_permissions", acctest.DatabricksProviderAddress, job); moved != nil ||
		!strings.HasPrefix(got,
			"error at experiment_id: Could not move permissions: This databricks_permissions manages the permissions of /jobs/12 (job)") {
		t.Errorf("got state %v and diagnostics %q, want an error", moved, got)
	}
	w.ExpectWrites(t)
}
