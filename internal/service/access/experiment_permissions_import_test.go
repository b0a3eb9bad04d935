package access_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func TestPermissionsResource_import(t *testing.T) {
	w := acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	config := w.ConfigAs(emulator.UserToken, "",
		acctest.PermissionsBlock(id, `users = { "ben@example.com" = "CAN_READ", "ana@example.com" = "CAN_MANAGE" }`))
	steps := []resource.TestStep{{Config: config}}
	for _, form := range []string{id, "/experiments/" + id, "/Workspace/Projects/churn", "name=/Projects/churn",
		w.URL + "/ml/experiments/" + id + "/runs?o=1"} {
		steps = append(steps, resource.TestStep{
			ResourceName: permissionsAddress, ImportState: true, ImportStateId: form, ImportStateVerify: true,
		})
	}
	steps = append(steps, resource.TestStep{
		ResourceName: permissionsAddress, ImportState: true, ImportStateId: "/Projects/nothing",
		ExpectError: regexp.MustCompile(`(?s)Could not import experiment.*Check\s+the\s+name`),
	})
	acctest.UnitTest(t, steps...)
}

// TestPermissionsResource_importGenerated imports with a configuration that Terraform generates, including the caller's own grant, and then
// with an import block and a matching configuration.
func TestPermissionsResource_importGenerated(t *testing.T) {
	w := acctest.NewWorkspace(t)
	w.AddGroup("risk")
	id := w.CreateExperiment(emulator.User, "/Projects/churn", nil)
	w.Grant(id, emulator.GroupPrincipal("risk"), "CAN_READ")
	w.Grant(id, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	importBlock := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", permissionsAddress, id)
	acctest.UnitTest(t,
		resource.TestStep{
			Config: w.ConfigAs(emulator.UserToken, "", ""), ResourceName: permissionsAddress,
			ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id, GenerateConfig: true,
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionNoop),
			}},
		},
		resource.TestStep{
			PreConfig: w.ResetJournal,
			Config: w.ConfigAs(emulator.UserToken, "", importBlock+acctest.PermissionsBlock(id, `
  groups = { risk = "CAN_READ" }
  users  = { "ana@example.com" = "CAN_MANAGE" }`)),
			ConfigPlanChecks:  acctest.PreApply(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionNoop)),
			Check:             expectWrites(w),
			ConfigStateChecks: []statecheck.StateCheck{expectNull("service_principals"), expectMap("retained", nil)},
		},
	)
}
