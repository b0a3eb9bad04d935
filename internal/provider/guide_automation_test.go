package provider_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestGuide_automationAccess plans as a user with the access that the guide lists for Databricks, and with less.
func TestGuide_automationAccess(t *testing.T) {
	t.Parallel()
	const token = "DATABRICKS_TOKEN=" + emulator.UserToken
	s, w, dir := newShell(t), acctest.NewWorkspace(t), t.TempDir()
	acctest.WriteFile(t, filepath.Join(dir, "main.tf"), readFile(t, filepath.Join(examplesDir, "adopt-everything/versions.tf"))+`
resource "mlflow_folder_permissions" "retail" {
  path           = "/Projects/retail"
  create_parents = true
  groups         = { risk = "CAN_READ" }
}

resource "mlflow_experiment" "churn" {
  name           = "/Projects/retail/churn"
  create_parents = true
}

resource "mlflow_experiment_tag" "reviewed" {
  experiment_id = mlflow_experiment.churn.id
  key           = "reviewed"
  value         = "yes"
}

resource "mlflow_experiment_permissions" "churn" {
  experiment_id = mlflow_experiment.churn.id
  groups        = { data-science = "CAN_EDIT" }
}
`)
	s.run(t, w, dir, "terraform init\nterraform apply")
	w.ResetJournal()
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_READ")
	out := s.run(t, w, dir, "! terraform plan", token)
	for _, kind := range []string{"experiment", "folder"} {
		if !strings.Contains(out, "with mlflow_"+kind+"_permissions.") {
			t.Errorf("with CAN_READ, the plan reads the permissions of the %s:\n%s", kind, tail(out))
		}
	}
	if n := strings.Count(out, "Error: Could not read permissions"); n != 2 || strings.Count(out, "Error:") != n {
		t.Errorf("with CAN_READ, the plan fails with\n%s", tail(out))
	}
	s.run(t, w, dir, "terraform plan -detailed-exitcode -refresh=false", token)
	w.GrantFolder("/Projects", emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	s.run(t, w, dir, "terraform plan -detailed-exitcode -lock=false", token)
	expectNoWrites(t, w)
}
