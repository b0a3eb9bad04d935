package access

import (
	"maps"
	"slices"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// TestPermissionsFolderPaths checks that folders are looked up only as far as there is something to find.
func TestPermissionsFolderPaths(t *testing.T) {
	w := emulator.New(emulator.Options{})
	id := w.CreateExperiment(emulator.User, "/Projects/team/churn", nil)
	read := func(want map[string]string, calls int) {
		t.Helper()
		client := mlflowtest.Connect(t, w, emulator.UserToken)
		list, problem := experimentList(client, nil, id, "").Read(t.Context())
		if problem != nil {
			t.Fatal(problem.Err)
		}
		w.ResetJournal()
		if got := folderPaths(t.Context(), client, id, list); !maps.Equal(got, want) {
			t.Errorf("paths are %v, want %v", got, want)
		}
		if n := len(w.Journal()); n != calls {
			t.Errorf("%d calls, want %d", n, calls)
		}
	}
	read(map[string]string{"/directories/": "/"}, 0)
	w.GrantFolder("/Projects/team", emulator.UserPrincipal(emulator.OtherUser), "CAN_READ")
	list, _ := experimentList(mlflowtest.Connect(t, w, emulator.UserToken), nil, id, "").Read(t.Context())
	from := list.Entries[slices.IndexFunc(list.Entries, func(e mlflow.ACLEntry) bool { return e.Principal.Name == emulator.OtherUser })]
	read(map[string]string{"/directories/": "/"}, 3) // the user may see neither folder
	w.GrantFolder("/Projects/team", emulator.UserPrincipal(emulator.User), "CAN_READ")
	read(map[string]string{"/directories/": "/", from.Permissions[0].InheritedFrom[0]: "/Projects/team"}, 2)
}
