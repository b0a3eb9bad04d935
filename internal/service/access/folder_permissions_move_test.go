package access_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestFolderPermissions_pathChanged: the grants are created on the new folder before they are revoked on the old one.
func TestFolderPermissions_pathChanged(t *testing.T) {
	w := newFolders(t)
	const from, to = "/Teams/retail", "/Teams/new"
	w.GrantFolder(to, emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	const groups = `groups = { risk = "CAN_EDIT" }`
	fromPut, toPut := folderPut(w, from), folderPut(w, to)
	acctest.UnitTest(t,
		resource.TestStep{Config: w.Config(folderPermissions(from, groups)), Check: expectFolderGrants(w, from, "group risk CAN_EDIT")},
		resource.TestStep{
			PreConfig: w.ResetJournal,
			Config:    w.Config(folderPermissions(to, groups)),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("id")),
			),
			Check: resource.ComposeTestCheckFunc(expectFolderGrants(w, from), expectFolderGrants(w, to, "group risk CAN_EDIT"),
				expectWrites(w, toPut, fromPut)),
			ConfigStateChecks: []statecheck.StateCheck{
				folderState("id", knownvalue.StringExact(w.FolderID(to))), folderState("path", knownvalue.StringExact(to)),
			},
		},
		resource.TestStep{ // the same folder in different spellings
			Config:   w.Config(folderPermissions("/Workspace"+to, groups)),
			PlanOnly: true,
		},
		resource.TestStep{Config: w.Config(folderPermissions(to+"/", groups)), PlanOnly: true},
		resource.TestStep{ // to a missing folder: nothing is revoked
			PreConfig: w.ResetJournal, Config: w.Config(folderPermissions("/Teams/none", groups)),
			ExpectError: brokenLines(`Could not set permissions.*create_parents = true`),
		},
		resource.TestStep{
			Config:           w.Config(folderPermissions(to, groups)),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectEmptyPlan()),
			Check:            resource.ComposeTestCheckFunc(expectFolderGrants(w, to, "group risk CAN_EDIT"), expectWrites(w)),
		},
	)
}

// TestFolderPermissions_pathUnknown: whether the folder changes is unknown until apply.
func TestFolderPermissions_pathUnknown(t *testing.T) {
	w := newFolders(t)
	w.Mkdirs("/Teams/new")
	config := func(trigger, path string) string {
		return w.Config(fmt.Sprintf(`
resource "terraform_data" "path" {
  input            = %q
  triggers_replace = %q
}
resource "mlflow_folder_permissions" "p" {
  path   = terraform_data.path.output
  groups = { risk = "CAN_RUN" }
}`, path, trigger))
	}
	unknown := acctest.PreApply(
		plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionUpdate),
		plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("path")),
		plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("id")),
	)
	acctest.UnitTest(t,
		resource.TestStep{ // unknown at creation
			Config: config("a", "/Teams/retail"), Check: expectFolderGrants(w, "/Teams/retail", "group risk CAN_RUN"),
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("path"))),
		},
		resource.TestStep{ // the same in the apply, in a different spelling
			PreConfig: w.ResetJournal, Config: config("b", "/Workspace/Teams/retail"), ConfigPlanChecks: unknown, Check: expectWrites(w),
			ConfigStateChecks: []statecheck.StateCheck{folderState("path", knownvalue.StringExact("/Teams/retail"))},
		},
		resource.TestStep{ // a different one
			Config: config("c", "/Teams/new"), ConfigPlanChecks: unknown,
			Check: resource.ComposeTestCheckFunc(expectFolderGrants(w, "/Teams/retail"),
				expectFolderGrants(w, "/Teams/new", "group risk CAN_RUN")),
		},
		resource.TestStep{ // an invalid one
			Config: config("d", "/Shared"), ExpectError: brokenLines(`Invalid folder path.*all users have CAN_MANAGE`),
		},
		resource.TestStep{ // the old folder is deleted during the apply
			Config: config("e", "/Teams/retail"),
			ConfigPlanChecks: acctest.PreApply(planCheck(func(_, _ any) error {
				w.DeleteFolder("/Teams/new")
				return nil
			})),
			Check: expectFolderGrants(w, "/Teams/retail", "group risk CAN_RUN"),
		},
	)
}

func TestFolderPermissions_unknownValues(t *testing.T) {
	w := newFolders(t)
	config := func(level string) string {
		return w.Config(fmt.Sprintf(`
resource "terraform_data" "level" { input = %[1]q }
resource "terraform_data" "users" { input = { "ana@example.com" = %[1]q } }
resource "terraform_data" "keep" { input = true }
`, level) + folderPermissions("/Teams/retail", `
  groups             = { risk = terraform_data.level.output }
  users              = terraform_data.users.output
  keep_caller_access = terraform_data.keep.output
  create_parents     = terraform_data.keep.output`))
	}
	acctest.UnitTest(t,
		resource.TestStep{
			Config: config("CAN_READ"),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("groups").AtMapKey("risk")),
				plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("users")),
			),
			Check: expectFolderGrants(w, "/Teams/retail", "group risk CAN_READ", "user ana@example.com CAN_READ"),
		},
		resource.TestStep{
			Config: config("CAN_RUN"),
			ConfigPlanChecks: acctest.PreApply(
				plancheck.ExpectResourceAction(folderAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectUnknownValue(folderAddress, tfjsonpath.New("groups").AtMapKey("risk")),
			),
			Check: expectFolderGrants(w, "/Teams/retail", "group risk CAN_RUN", "user ana@example.com CAN_RUN"),
		},
	)
}

// TestFolderPermissions_sameFolderNewPath: a folder that was renamed outside Terraform, and whose new path is planned without a refresh,
// keeps its grants and those retained for earlier callers.
func TestFolderPermissions_sameFolderNewPath(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.GrantFolder("/Teams/retail", emulator.ServicePrincipalPrincipal(pipeline), "CAN_MANAGE")
	b := folderBlock(t, w, emulator.ServicePrincipalToken)
	acctest.ExpectDiagnostics(t, b.Apply(folderConfig("/Teams/retail", readers)), "warning: Undeclared access is kept", pipeline)
	w.MoveFolder("/Teams/retail", "/Teams/new")
	w.ResetJournal()
	b.Provider = w.Backend().Provider(t, nil)
	config := folderConfig("/Teams/new", readers)
	p := b.Plan(config)
	acctest.ExpectDiagnostics(t, p.Diagnostics, "warning: Undeclared access is kept", pipeline)
	acctest.ExpectDiagnostics(t, b.ApplyPlan(p, config), "")
	w.ExpectWrites(t)
	mustHaveFolderGrants(t, w, "/Teams/new", "group risk CAN_READ", "service_principal "+pipeline+" CAN_MANAGE")
	b.ExpectEmptyPlan(config)
}
