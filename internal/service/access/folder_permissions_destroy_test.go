package access_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestFolderPermissions_destroyed: a destroy revokes the declared grants. The folder, its contents, and the caller's access are kept.
func TestFolderPermissions_destroyed(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	const folder = "/Teams/retail"
	id := w.CreateExperiment(emulator.Admin, folder+"/churn", nil)
	w.GrantFolder(folder, emulator.UserPrincipal(emulator.User), "CAN_MANAGE")
	w.GrantFolder(folder, emulator.GroupPrincipal("admins"), "CAN_MANAGE")
	b := folderBlock(t, w, emulator.UserToken)
	acctest.ExpectDiagnostics(t, b.Apply(folderConfig(folder, readers, "users", acctest.MapOfOne("Ben@example.com", "CAN_RUN"))),
		"warning: Undeclared access is kept")
	b.Provider = b.Restart()
	p := b.Plan(nil)
	w.AddGroup("late")
	w.GrantFolder(folder, emulator.GroupPrincipal("late"), "CAN_READ") // after the plan
	acctest.ExpectDiagnostics(t, b.ApplyPlan(p, nil), "")
	mustHaveFolderGrants(t, w, folder, "group admins CAN_MANAGE", "group late CAN_READ", anaManages)
	if e, found := w.Experiment(id); !found || e.LifecycleStage != "active" || !w.HasFolder(folder) {
		t.Errorf("got experiment %+v, want it active in its folder", e)
	}
}

// TestFolderPermissions_destroyProblems: a missing folder or missing access is a warning; any other failure is an error that keeps the
// state.
func TestFolderPermissions_destroyProblems(t *testing.T) {
	t.Parallel()
	const folder = "/Teams/retail"
	fail := func(method string, status int, code string) func(w *acctest.Workspace) {
		return func(w *acctest.Workspace) {
			w.Inject(emulator.Fault{Method: method, Path: foldersPath, Status: status, Code: code, Message: "no", Times: -1})
		}
	}
	for name, c := range map[string]struct {
		change func(w *acctest.Workspace)
		says   string
		kept   bool
	}{
		"the folder is deleted": {func(w *acctest.Workspace) { w.DeleteFolder(folder) },
			"warning: Could not remove permissions: Folder", false},
		"the folder is deleted and created": {func(w *acctest.Workspace) { w.DeleteFolder(folder); w.Mkdirs(folder) },
			"warning: Could not remove permissions: Folder", false},
		"the list is not readable": {fail("GET", 403, "PERMISSION_DENIED"), "warning: Could not remove permissions: Folder",
			false},
		"the list is not writable": {fail("PUT", 403, "PERMISSION_DENIED"), "warning: Could not remove permissions: Folder",
			false},
		"the write fails":     {fail("PUT", 400, "INVALID_STATE"), "error: Could not remove permissions: Folder", true},
		"the read fails":      {fail("GET", 400, "INVALID_STATE"), "error: Could not remove permissions: Folder", true},
		"the folder is moved": {func(w *acctest.Workspace) { w.MoveFolder(folder, "/Teams/moved") }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			b := folderBlock(t, w, emulator.AdminToken)
			b.MustApply(folderConfig(folder, readers))
			b.Provider = b.Restart()
			p := b.Plan(nil)
			c.change(w)
			acctest.ExpectDiagnostics(t, b.ApplyPlan(p, nil), c.says)
			if kept := b.Values() != nil; kept != c.kept {
				t.Errorf("got state %v, want a state: %t", b.Values(), c.kept)
			}
			if w.HasFolder("/Teams/moved") {
				mustHaveFolderGrants(t, w, "/Teams/moved")
			}
			w.ClearFaults()
			if c.kept {
				acctest.ExpectDiagnostics(t, b.Destroy(), "")
				mustHaveFolderGrants(t, w, folder)
			}
		})
	}
}

// TestFolderPermissions_withExperiments manages a folder, a folder in it, and experiments with and without lists of their own, as a user
// who has access only through a group that is declared on the folder, including changes and the destroy of all.
func TestFolderPermissions_withExperiments(t *testing.T) {
	w := newFolders(t)
	w.AddUser(emulator.User, "owners")
	w.GrantFolder("/Teams", emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	config := func(level, dependent string) string {
		parent := folderPermissions("/Teams/new",
			fmt.Sprintf("create_parents = true\n  groups = { owners = \"CAN_MANAGE\", risk = %q }", level))
		return w.ConfigAs(emulator.UserToken, "", fmt.Sprintf(`
resource "mlflow_experiment" "e" {
  count          = 2
  name           = "/Teams/new/deep/churn-${count.index}"
  create_parents = true
  %[2]s
}
resource "mlflow_experiment_permissions" "e" {
  experiment_id = mlflow_experiment.e[0].id
  groups        = { risk = "CAN_MANAGE" }
}
resource "mlflow_folder_permissions" "deep" {
  path           = "/Teams/new/deep"
  create_parents = true
  groups         = { risk = %[1]q }
}
`, level, dependent)) + parent
	}
	var steps []resource.TestStep
	for _, level := range []string{"CAN_READ", "CAN_EDIT"} {
		for _, dependent := range []string{"", "depends_on = [mlflow_folder_permissions.p, mlflow_folder_permissions.deep]"} {
			steps = append(steps, resource.TestStep{
				Config: config(level, dependent),
				Check: func(*terraform.State) error {
					if err := expectFolderGrants(w, "/Teams/new/deep", "group risk "+level)(nil); err != nil {
						return err
					}
					grants := grantTexts(w.FolderGrants("/Teams/new"))
					for _, g := range grants {
						if g != "group owners CAN_MANAGE" && g != "group risk "+level && g != anaManages {
							return fmt.Errorf("/Teams/new: got unexpected grants in %q", grants)
						}
					}
					return nil
				},
			})
		}
	}
	acctest.UnitTest(t, steps...)
	for _, e := range w.Experiments() {
		if e.LifecycleStage != "deleted" {
			t.Errorf("experiment %s is not deleted", e.Name)
		}
	}
	if !w.HasFolder("/Teams/new/deep") {
		t.Error("destroy deleted a folder")
	}
	mustHaveFolderGrants(t, w, "/Teams/new", anaManages)
}

// TestFolderPermissions_grantRestored: a grant of a group that the server lists again after its removal is an error, and the state is kept.
func TestFolderPermissions_grantRestored(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	b := folderBlock(t, w, emulator.AdminToken)
	b.MustApply(folderConfig("/Teams/retail", readers))
	w.Inject(emulator.Fault{
		Method: "PUT", Path: foldersPath, ContentType: "application/json",
		RawBody: fmt.Sprintf(`{"object_id": "/directories/%s", "object_type": "directory",
			"access_control_list": [{"group_name": "risk", "all_permissions": [{"permission_level": "CAN_READ"}]}]}`, b.Text("id")),
	})
	acctest.ExpectDiagnostics(t, b.Destroy(), "error: Could not remove permissions: Folder \"/Teams/retail\": ", "the owner of the folder",
		"terraform state rm ADDRESS")
	if b.Values() == nil {
		t.Error("got no state, want the resource")
	}
}
