package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// namedFolderPermissions returns the resource with another name.
func namedFolderPermissions(name, path, attributes string) string {
	return strings.Replace(folderPermissions(path, attributes), `"p" {`, fmt.Sprintf("%q {", name), 1)
}

// TestFolderPermissions_otherAddress: a resource whose address changes without a moved block keeps its grants, in any order of destroy and
// create.
func TestFolderPermissions_otherAddress(t *testing.T) {
	w := newFolders(t)
	w.Mkdirs("/Teams/new")
	const folder, groups = "/Teams/retail", `groups = { risk = "CAN_RUN" }`
	kept := expectFolderGrants(w, folder, "group risk CAN_RUN")
	var steps []resource.TestStep
	for _, config := range []string{
		w.Config(folderPermissions(folder, groups)), w.Config(namedFolderPermissions("q", folder, groups)),
		w.Config(namedFolderPermissions("r", "/Workspace"+folder+"/", groups)),
		w.Config(namedFolderPermissions("q", folder, "count = 1\n"+groups)), w.Config(namedFolderPermissions("s", folder, groups)),
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: w.ResetJournal, Config: config, Check: kept,
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		})
	}
	changed := resource.TestStep{ // another address with other grants
		Config: w.Config(namedFolderPermissions("s", folder, `groups = { risk = "CAN_READ" }`)),
		Check:  expectFolderGrants(w, folder, "group risk CAN_READ"),
	}
	adopted := resource.TestStep{ // one address moves to another folder, and a new address adopts its folder
		Config: w.Config(namedFolderPermissions("s", "/Teams/new", groups) + namedFolderPermissions("t", folder, groups)),
		Check:  resource.ComposeTestCheckFunc(kept, expectFolderGrants(w, "/Teams/new", "group risk CAN_RUN")),
	}
	swapped := adopted
	swapped.Config = w.Config(namedFolderPermissions("s", folder, groups) + namedFolderPermissions("t", "/Teams/new", groups))
	acctest.UnitTest(t, append(steps, changed, adopted, swapped)...)
	mustHaveFolderGrants(t, w, folder)
	mustHaveFolderGrants(t, w, "/Teams/new")
}

// TestFolderPermissions_otherKey: a resource whose for_each key changes keeps its grants.
func TestFolderPermissions_otherKey(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	var steps []resource.TestStep
	for _, key := range []string{"a", "b"} {
		steps = append(steps, resource.TestStep{
			ConfigDirectory: config.StaticDirectory(w.RootModule(t, namedFolderPermissions("k", "/Teams/retail",
				fmt.Sprintf("for_each = toset([%q])\n  groups = { risk = \"CAN_RUN\" }", key)))),
			PreConfig: func() {
				if key == "b" {
					mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_RUN")
				}
			},
		})
	}
	steps = append(steps, resource.TestStep{
		ConfigDirectory: steps[1].ConfigDirectory, PreConfig: func() { mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_RUN") },
		Destroy: true,
	})
	acctest.RunDirectories(t, steps...)
	mustHaveFolderGrants(t, w, "/Teams/retail")
}

// TestFolderPermissions_createdBeforeDestroyed: the grants of the address that remains are set, in any order of destroy and create.
func TestFolderPermissions_createdBeforeDestroyed(t *testing.T) {
	t.Parallel()
	for name, createFirst := range map[string]bool{"create first": true, "destroy first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			old := folderBlock(t, w, emulator.AdminToken)
			old.MustApply(folderConfig("/Teams/retail", readers, "users", acctest.MapOfOne(emulator.User, "CAN_READ")))
			old.Provider = old.Restart()
			renamed := old.Resource(folderKind)
			config := folderConfig("/Teams/retail", editors)
			destroyed, created := old.Plan(nil), renamed.Plan(config)
			var says []string
			create := func() { says = append(says, renamed.ApplyPlan(created, config)) }
			if createFirst {
				create()
			}
			says = append(says, old.ApplyPlan(destroyed, nil))
			if !createFirst {
				create()
			}
			if acctest.HasError(acctest.JoinLines(says)) {
				t.Errorf("got diagnostics %q, want no error", says)
			}
			mustHaveFolderGrants(t, w, "/Teams/retail", "group risk CAN_EDIT")
			renamed.ExpectEmptyPlan(config)
		})
	}
}

// TestFolderPermissions_replaced makes Terraform replace the resource on the same folder, in both orders, and by tainting it.
func TestFolderPermissions_replaced(t *testing.T) {
	w := newFolders(t)
	config := func(trigger string, createFirst bool) string {
		data := fmt.Sprintf("resource \"terraform_data\" \"trigger\" { input = %q }\n", trigger)
		return w.Config(data + folderPermissions("/Teams/retail", fmt.Sprintf(`
  groups = { risk = "CAN_RUN" }
  lifecycle {
    replace_triggered_by  = [terraform_data.trigger]
    create_before_destroy = %v
  }`, createFirst)))
	}
	kept := expectFolderGrants(w, "/Teams/retail", "group risk CAN_RUN")
	step := func(config string, action plancheck.ResourceActionType) resource.TestStep {
		return resource.TestStep{Config: config, Check: kept,
			ConfigPlanChecks: acctest.PreApply(plancheck.ExpectResourceAction(folderAddress, action))}
	}
	tainted := func(createFirst bool, action plancheck.ResourceActionType) resource.TestStep {
		s := step(config("c", createFirst), action)
		s.Taint = []string{folderAddress}
		return s
	}
	acctest.UnitTest(t,
		step(config("a", true), plancheck.ResourceActionCreate),
		step(config("b", true), plancheck.ResourceActionCreateBeforeDestroy),
		step(config("c", false), plancheck.ResourceActionDestroyBeforeCreate),
		tainted(false, plancheck.ResourceActionDestroyBeforeCreate),
		tainted(true, plancheck.ResourceActionCreateBeforeDestroy),
	)
}

// TestFolderPermissions_replaceOption: for -replace, Terraform plans to keep and then to create, which is not a duplicate.
func TestFolderPermissions_replaceOption(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	b := folderBlock(t, w, emulator.AdminToken)
	config := folderConfig("/Teams/retail", readers)
	b.MustApply(config)
	for _, refresh := range []bool{true, false} {
		b.Provider = b.Restart()
		if refresh {
			acctest.ExpectDiagnostics(t, b.Read(), "")
		}
		kept := b.Plan(config)
		acctest.ExpectDiagnostics(t, kept.Diagnostics, "")
		again := b.Resource(folderKind)
		again.Private = kept.Resp.PlannedPrivate
		acctest.ExpectDiagnostics(t, again.Plan(config).Diagnostics, "")
	}
}

// TestFolderPermissions_twice: the plan rejects two resources for one folder, in any spelling.
func TestFolderPermissions_twice(t *testing.T) {
	w := newFolders(t)
	two := func(a, b string) string {
		return w.Config(namedFolderPermissions("a", a, `groups = { risk = "CAN_READ" }`) +
			namedFolderPermissions("b", b, `groups = { risk = "CAN_EDIT" }`))
	}
	const rejected = `Permissions are managed by two resources.*Declare all grants in one resource`
	acctest.UnitTest(t,
		rejectedStep(two("/Teams/retail", "/Teams/retail"), rejected),
		rejectedStep(two("/Teams/retail", "/Workspace/Teams/retail/"), rejected),
		resource.TestStep{Config: two("/Teams/retail", "/Teams"), Check: expectFolderGrants(w, "/Teams", "group risk CAN_EDIT")},
		rejectedStep(two("/Teams/retail", "/Teams/retail/"), rejected), // one of the two is in the state
		resource.TestStep{Config: two("/Teams/retail", "/Teams"), PlanOnly: true},
	)
	w.ExpectWrites(t, w.Writes()[0], w.Writes()[1], w.Writes()[2], w.Writes()[3]) // two for the valid step, and two for the destroy
}

// TestFolderPermissions_twiceUnknown: of two resources for one folder whose paths are unknown until apply, the second is rejected, and the
// first is applied.
func TestFolderPermissions_twiceUnknown(t *testing.T) {
	w := newFolders(t)
	acctest.UnitTest(t, rejectedStep(w.Config(`
resource "terraform_data" "path" { input = "/Teams/retail" }
resource "mlflow_folder_permissions" "a" {
  path   = terraform_data.path.output
  groups = { risk = "CAN_READ" }
}
resource "mlflow_folder_permissions" "b" {
  path   = terraform_data.path.output
  groups = { risk = "CAN_EDIT" }
}`), `Permissions are managed by two resources`))
}

// TestFolderPermissions_renamedKeepsRetained: a list under another resource address retains the grants of earlier callers if the old
// address is destroyed first.
func TestFolderPermissions_renamedKeepsRetained(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.GrantFolder("/Teams/retail", emulator.ServicePrincipalPrincipal(pipeline), "CAN_MANAGE")
	config := folderConfig("/Teams/retail", readers)
	first := folderBlock(t, w, emulator.ServicePrincipalToken)
	acctest.ExpectDiagnostics(t, first.Apply(config), "warning: Undeclared access is kept", pipeline)
	p := w.Backend().Provider(t, nil)
	old, renamed := p.Resource(folderKind), p.Resource(folderKind)
	old.State, old.Private = first.State, first.Private
	for _, says := range []string{old.ApplyPlan(old.Plan(nil), nil), renamed.ApplyPlan(renamed.Plan(config), config)} {
		if acctest.HasError(says) {
			t.Fatal(says)
		}
	}
	if !canManage(t, w, emulator.ServicePrincipalToken, folderPath(w, "/Teams/retail")) {
		t.Error("the pipeline lost its access")
	}
}
