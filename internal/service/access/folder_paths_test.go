package access

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// TestPermissionsFolderPaths checks that only folders with inherited grants are looked up.
func TestPermissionsFolderPaths(t *testing.T) {
	w := emulator.New(emulator.Options{})
	id := w.CreateExperiment(emulator.User, "/Projects/team/churn", nil)
	read := func(want map[string]string, requests int) {
		t.Helper()
		client := mlflowtest.Connect(t, w, emulator.UserToken)
		list, problem := experimentList(client, nil, id, "").Read(t.Context())
		if problem != nil {
			t.Fatal(problem.Err)
		}
		w.ResetJournal()
		if got := folderPaths(t.Context(), client, &databricks.FolderIndex{}, id, list); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if n := len(w.Journal()); n != requests {
			t.Errorf("got %d requests, want %d", n, requests)
		}
	}
	root := map[string]string{"/directories/": "/"}
	read(root, 0)
	w.GrantFolder("/Projects/team", emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	list, _ := experimentList(mlflowtest.Connect(t, w, emulator.UserToken), nil, id, "").Read(t.Context())
	from := list.Entries[slices.IndexFunc(list.Entries, func(e mlflow.ACLEntry) bool { return e.Principal.Name == emulator.OtherUser })]
	team := map[string]string{"/directories/": "/", from.Permissions[0].InheritedFrom[0]: "/Projects/team"}
	read(team, 3) // the user cannot view the folder, only the other one
	w.GrantFolder("/Projects/team", emulator.UserPrincipal(emulator.User), "CAN_READ")
	read(team, 2)
	w.Inject(emulator.Fault{Path: "/api/2.0/workspace/get-status", Status: http.StatusForbidden, Code: "PERMISSION_DENIED", Times: -1})
	read(root, 3) // the user can view neither folder
}
