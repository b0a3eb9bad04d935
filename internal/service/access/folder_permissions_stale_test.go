package access_test

import (
	"reflect"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestFolderPermissions_changedAfterPlan: an apply grants nothing on a folder that is no longer at its path, and nothing on another folder
// at the path, which the plan did not show.
func TestFolderPermissions_changedAfterPlan(t *testing.T) {
	t.Parallel()
	const folder, newPath = "/Teams/retail", "/Archive/retail"
	for name, c := range map[string]struct {
		change func(w *acctest.Workspace)
		says   []string
	}{
		"moved": {func(w *acctest.Workspace) { w.MoveFolder(folder, newPath) },
			[]string{"was moved or renamed", "No object exists at the path now"}},
		"deleted": {func(w *acctest.Workspace) { w.DeleteFolder(folder) },
			[]string{"was deleted outside Terraform", "No object exists at the path now"}},
		"moved, and another in its place": {func(w *acctest.Workspace) { w.MoveFolder(folder, newPath); w.Mkdirs(folder) },
			[]string{"was moved or renamed", "a different folder, with the object ID"}},
		"an experiment in its place": {func(w *acctest.Workspace) {
			w.DeleteFolder(folder)
			w.CreateExperiment(emulator.Admin, folder,
				nil)
		},
			[]string{"was deleted outside Terraform", "an object of type MLFLOW_EXPERIMENT"}},
		"not readable": {func(w *acctest.Workspace) {
			w.Inject(emulator.Fault{Path: statusPath, Status: 403, Code: "PERMISSION_DENIED", Message: "no", Times: -1})
		}, []string{"needs CAN_MANAGE on the folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolders(t)
			b := folderBlock(t, w, emulator.AdminToken)
			b.MustApply(folderConfig(folder, readers))
			state := b.Values()
			b.Provider = b.Restart()
			p := b.Plan(folderConfig(folder, editors))
			c.change(w)
			w.ResetJournal()
			says := b.ApplyPlan(p, folderConfig(folder, editors))
			acctest.ExpectDiagnostics(t, says, "error: Could not set permissions: Folder \""+folder+"\": ", c.says...)
			if name != "not readable" {
				acctest.ExpectDiagnostics(t, says, "error", "Nothing was changed.", "Run terraform plan again")
			}
			w.ExpectWrites(t)
			if !reflect.DeepEqual(b.Values(), state) {
				t.Errorf("got state %v, want %v", b.Values(), state)
			}
		})
	}
}

// TestFolderPermissions_movedStateNotFound: a moved state with only the ID of a folder that does not exist is removed.
func TestFolderPermissions_movedStateNotFound(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	id := w.FolderID("/Teams/retail")
	w.DeleteFolder("/Teams/retail")
	state := acctest.DatabricksPermissionsState(id)
	delete(state, "experiment_id")
	state["id"], state["object_type"], state["directory_id"] = "/directories/"+id, "directory", id
	moved, says := folderBlock(t, w, emulator.AdminToken).Move(folderKind, "databricks_permissions", acctest.DatabricksProviderAddress, state)
	acctest.ExpectDiagnostics(
		t,
		says,
		"warning: Folder not found, permissions removed from state: Folder "+id+" was deleted outside Terraform",
	)
	if moved["id"] != nil {
		t.Errorf("got state %v, want none", moved)
	}
}
