package access_test

import (
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestPermissions_inheritedLevels: only a level below the inherited one changes nothing. An equal one does: it stays when the folder's goes.
func TestPermissions_inheritedLevels(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddGroup("science")
	w.GrantFolder("/Projects", emulator.GroupPrincipal("science"), "CAN_EDIT")
	id := w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	d := w.Direct(t, emulator.AdminToken)
	for level, warned := range map[string]bool{"CAN_READ": true, "CAN_EDIT": false, "CAN_MANAGE": false} {
		says := d.Plan("mlflow_experiment_permissions", map[string]any{"experiment_id": id, "groups": map[string]string{"science": level}})
		if got := strings.Contains(says, "warning at groups"); got != warned || acctest.IsError(says) || !warned && says != "" {
			t.Errorf("%s: says %q", level, says)
		}
	}
}
