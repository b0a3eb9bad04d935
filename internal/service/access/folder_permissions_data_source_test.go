package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// TestFolderPermissionsDataSource reads direct, inherited, and effective levels, in any spelling of the path.
func TestFolderPermissionsDataSource(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.GrantFolder("/Teams", emulator.GroupPrincipal("risk"), "CAN_EDIT")
	w.GrantFolder("/Teams/retail", emulator.GroupPrincipal("risk"), "CAN_RUN")
	for _, path := range []string{"/Teams/retail", "/Workspace/Teams/retail/"} {
		data, says := w.Provider(t, emulator.AdminToken).ReadDataSource(folderKind, map[string]any{"path": path})
		acctest.ExpectDiagnostics(t, says, "")
		grants, effective := riskElements(data["grants"], "level", "inherited_from_path"), riskElements(data["effective"], "level")
		if data["id"] != w.FolderID("/Teams/retail") || data["path"] != path || grants != "[CAN_RUN <nil>] [CAN_EDIT /Teams]" ||
			effective != "[CAN_EDIT] [CAN_RUN]" {
			t.Errorf("%s: got %v, want the ID and the levels of risk", path, data)
		}
	}
	w.ExpectWrites(t)
}

// riskElements formats attributes of the elements of a list for the group risk.
func riskElements(list any, attributes ...string) string {
	var found []string
	elements, _ := list.([]any)
	for _, element := range elements {
		values, _ := element.(map[string]any)
		if values["principal"] != "risk" {
			continue
		}
		var got []any
		for _, name := range attributes {
			got = append(got, values[name])
		}
		found = append(found, fmt.Sprint(got))
	}
	return strings.Join(found, " ")
}

// TestFolderPermissionsDataSource_notManaged: folders whose permissions the server does not allow to change can be read.
func TestFolderPermissionsDataSource_notManaged(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	for _, path := range []string{"/Shared", "/Workspace/Shared/", "/Users"} {
		data, says := w.Provider(t, emulator.AdminToken).ReadDataSource(folderKind, map[string]any{"path": path})
		acctest.ExpectDiagnostics(t, says, "")
		if data["id"] != w.FolderID(path) {
			t.Errorf("%s: got %v, want ID %s", path, data, w.FolderID(path))
		}
	}
}

// TestFolderPermissionsDataSource_rejected: an error contains the reason and the next step.
func TestFolderPermissionsDataSource_rejected(t *testing.T) {
	t.Parallel()
	w := newFolders(t)
	w.AddGitFolder("/Teams/code", true)
	w.GrantFolder("/Teams", emulator.UserPrincipal(emulator.User), "CAN_EDIT")
	const unreadable = "error: Could not read permissions: Folder "
	for path, want := range map[string][]string{
		"/":             {"error at path: Invalid folder path: \"/\" is the root"},
		"Teams":         {"error at path: Invalid folder path", "is not an absolute workspace path"},
		"/Teams//x":     {"error at path: Invalid folder path", "Write a single slash"},
		"/Repos/ana":    {"error at path: Invalid folder path", "repo_path"},
		"/Teams/code":   {unreadable, "it is a Git folder", "repo_path"},
		"/Teams/none":   {unreadable, "doesn't exist"},
		"/Teams/retail": {unreadable, "needs CAN_MANAGE on the folder"},
	} {
		_, says := w.Provider(t, emulator.UserToken).ReadDataSource(folderKind, map[string]any{"path": path})
		acctest.ExpectDiagnostics(t, says, want[0], want[1:]...)
	}
	_, says := acctest.NewRecordedServer(t, nil).Provider(t, nil).ReadDataSource(folderKind, map[string]any{"path": "/Teams"})
	acctest.ExpectDiagnostics(t, says, "error at path: Folders are not supported", "mlflow_role")
}
