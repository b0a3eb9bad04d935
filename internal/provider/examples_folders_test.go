package provider_test

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func init() { maps.Copy(examples, folderExamples) }

// folderExamples are the examples of permissions of folders.
var folderExamples = map[string]example{
	"folder_permissions": {
		files:      []string{"resources/mlflow_folder_permissions/resource.tf", "resources/mlflow_folder_permissions/import.sh"},
		experiment: "/Projects/retail",
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectFolderGrants(t, w, "/Projects/retail", "group data-science CAN_EDIT", "group risk CAN_READ")
			w.MustFind(t, "/Projects/retail/churn")
		},
	},
	"folder_permissions, of teams": {
		files: []string{"resources/mlflow_folder_permissions/resource-full.tf"},
		check: func(t *testing.T, w *acctest.Workspace) {
			t.Helper()
			expectFolderGrants(t, w, "/Projects/credit", "group ml-platform CAN_RUN", "group risk CAN_EDIT",
				"service_principal "+emulator.ServicePrincipal+" CAN_EDIT", "user ben@example.com CAN_MANAGE")
			expectFolderGrants(t, w, "/Projects/retail", "group data-science CAN_EDIT", "group ml-platform CAN_RUN",
				"service_principal "+emulator.ServicePrincipal+" CAN_EDIT", "user ana@example.com CAN_MANAGE")
		},
	},
	"folder_permissions, import block": {
		files: []string{"resources/mlflow_folder_permissions/resource.tf", "resources/mlflow_folder_permissions/import-by-string-id.tf"},
		more:  "import {\n  to = mlflow_experiment.churn\n  id = \"/Projects/retail/churn\"\n}",
		prepare: func(w *acctest.Workspace) {
			w.CreateExperiment(emulator.Admin, "/Projects/retail/churn", nil)
			w.GrantFolder("/Projects/retail", emulator.GroupPrincipal("data-science"), "CAN_EDIT")
			w.GrantFolder("/Projects/retail", emulator.GroupPrincipal("risk"), "CAN_READ")
		},
		check: expectNoWrites,
	},
	"data source, permissions of a folder": {
		files: []string{"data-sources/mlflow_folder_permissions/data-source.tf"},
		prepare: func(w *acctest.Workspace) {
			w.GrantFolder("/Projects", emulator.GroupPrincipal("ml-platform"), "CAN_MANAGE")
			w.GrantFolder("/Projects/retail", emulator.GroupPrincipal("data-science"), "CAN_EDIT")
			w.GrantFolder("/Projects/retail", emulator.GroupPrincipal("risk"), "CAN_RUN")
		},
		state: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("editors", knownvalue.ListExact([]knownvalue.Check{
			editor("admins", "/"), editor("data-science", "the folder itself"), editor("ml-platform", "/Projects"),
		}))},
	},
	"folder_permissions, by other tests": {files: []string{
		"list-resources/mlflow_folder_permissions/list-resource.tfquery.hcl", "resources/mlflow_folder_permissions/identity-import.tf",
		"resources/mlflow_folder_permissions/moved.tf",
	}},
}
