package databricks_test

import (
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

func foldersOf(t *testing.T, w *emulator.Workspace) mlflow.Folders {
	t.Helper()
	folders, err := mlflowtest.Connect(t, w, emulator.AdminToken).Folders()
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

func TestFoldersOwner(t *testing.T) {
	folders := foldersOf(t, emulator.New(emulator.Options{}))
	user := mlflow.Principal{Kind: mlflow.KindUser, Name: emulator.User}
	for path, want := range map[string]mlflow.Principal{
		"/Users/" + emulator.User:                 user,
		"/Workspace/Users/" + emulator.User + "/": user,
		"/Users/" + emulator.ServicePrincipal:     {Kind: mlflow.KindServicePrincipal, Name: emulator.ServicePrincipal},
		"/Users/" + emulator.User + "/models":     {},
		"/Users":                                  {},
		"/Projects/Users/" + emulator.User:        {},
		"":                                        {},
	} {
		if got := folders.Owner(path); got != want {
			t.Errorf("the owner of %q is %v, want %v", path, got, want)
		}
	}
}

// Another client may create the same folder at the same time. Another object at the path is an error.
func TestFoldersCreate_exists(t *testing.T) {
	w := emulator.New(emulator.Options{})
	folders := foldersOf(t, w)
	w.CreateExperiment(emulator.Admin, "/Projects/churn", nil)
	for path, exists := range map[string]bool{"/Projects": true, "/Projects/churn": false, "/Projects/none": false} {
		w.Inject(emulator.Fault{Method: "POST", Path: "/api/2.0/workspace/mkdirs", Status: 400, Code: "RESOURCE_ALREADY_EXISTS"})
		if err := folders.Create(t.Context(), path); (err == nil) != exists || err != nil && !rest.IsAlreadyExists(err) {
			t.Errorf("%s: got error %v, want one that it exists unless it is a folder", path, err)
		}
	}
	if err := folders.Create(t.Context(), "/Projects/new/deep"); err != nil || !w.HasFolder("/Projects/new/deep") {
		t.Errorf("got error %v, want a new folder", err)
	}
}

// The creation time is zero if the server does not return it.
func TestFoldersFind(t *testing.T) {
	for _, without := range []bool{false, true} {
		w := emulator.New(emulator.Options{OmitFolderTimes: without})
		w.Mkdirs("/Projects/retail")
		folder, err := foldersOf(t, w).Find(t.Context(), "/Workspace/Projects/retail/")
		if err != nil || folder.ID != w.FolderID("/Projects/retail") || folder.Created.IsZero() != without {
			t.Errorf("got folder %+v, error %v", folder, err)
		}
	}
}
