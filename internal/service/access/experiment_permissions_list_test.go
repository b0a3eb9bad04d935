package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestList_permissions(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	w.Grant(w.CreateExperiment(emulator.Admin, "/Shared/a", nil), emulator.GroupPrincipal("risk"), "CAN_EDIT")
	w.AddNotebookExperiment(emulator.Admin, "/Shared/b-notebook")
	w.CreateExperiment(emulator.Admin, "/Shared/c", nil)
	d := w.Provider(t, emulator.AdminToken)
	if all := d.ListResources("mlflow_experiment_permissions", map[string]any{}, 0, false); len(all) != 3 ||
		w.Count("GET", "/api/2.0/permissions/experiments/*") != 0 {
		t.Errorf("got %+v, want 3 results without reading permissions", all)
	}
	all := d.ListResources("mlflow_experiment_permissions", map[string]any{}, 0, true)
	if len(all) != 3 || fmt.Sprint(all[0].Resource["groups"]) != "map[risk:CAN_EDIT]" || all[2].Diagnostics != "" {
		t.Fatalf("got %+v, want 3 results with grants", all)
	}
	// The warning replaces the result, which could not be imported.
	if notebook := all[1]; !strings.HasPrefix(notebook.Diagnostics, "warning: Could not read permissions") ||
		strings.Contains(notebook.Diagnostics, "Incomplete") || notebook.Name != "" || notebook.Identity {
		t.Errorf("notebook experiment: got %+v, want only a warning", notebook)
	}
}
