package governance

import (
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

// inherits is an access control list with grants from some objects.
func inherits(objects ...string) mlflow.ACL {
	entry := mlflow.ACLEntry{Principal: mlflow.Principal{Kind: mlflow.KindGroup, Name: "risk"}}
	for _, object := range objects {
		p := mlflow.Permission{Level: mlflow.LevelRead, Inherited: true, InheritedFrom: []string{object}}
		entry.Permissions = append(entry.Permissions, p)
	}
	return mlflow.ACL{Entries: []mlflow.ACLEntry{entry}}
}

// Only folders are looked for, and the root needs no request: there is no client to send one with.
func TestFolderTracker_objects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		experiment mlflow.Experiment
		objects    []string
		want       map[string]string
	}{
		"nothing":  {mlflow.Experiment{Name: "/a/x"}, nil, map[string]string{"/directories/": "/"}},
		"the root": {mlflow.Experiment{Name: "/a/x"}, []string{"/directories/"}, map[string]string{"/directories/": "/"}},
		"a folder": {
			mlflow.Experiment{Name: "/a/x"}, []string{"/directories/", "/directories/1"},
			map[string]string{"/directories/": "/", "/directories/1": "/a"},
		},
		"no folders": {mlflow.Experiment{Name: "free text"}, []string{"every experiment", "admin"}, map[string]string{"/directories/": "/"}},
		"deleted": {
			mlflow.Experiment{Name: "/a/x", LifecycleStage: "deleted"}, []string{"/directories/1"}, map[string]string{"/directories/": "/"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tracker := review.NewFolderTracker()
			addInheritedFolders(tracker, c.experiment, inherits(c.objects...))
			if got := inheritedFolderPaths(t.Context(), nil, tracker); !maps.Equal(got, c.want) {
				t.Errorf("the folders are %v, want %v", got, c.want)
			}
		})
	}
}

// Where several paths are possible, few folders are asked for, and one that may not be seen leaves things open.
func TestFolderTracker_calls(t *testing.T) {
	t.Parallel()
	w := emulator.New(emulator.Options{})
	w.Mkdirs("/a/b/c/d/e/f/g/h")
	client := mlflowtest.Connect(t, w, emulator.AdminToken)
	find := func(name string, objects ...string) (paths map[string]string, calls int) {
		w.ResetJournal()
		tracker := review.NewFolderTracker()
		addInheritedFolders(tracker, mlflow.Experiment{Name: name}, inherits(objects...))
		return inheritedFolderPaths(t.Context(), client, tracker), len(w.Journal())
	}
	object := func(folder string) string {
		status, err := databricks.WorkspaceStatus(t.Context(), client, folder)
		if err != nil {
			t.Fatal(err)
		}
		return framework.FolderObject(status)
	}
	inner, outer := object("/a/b"), object("/a")
	if paths, calls := find("/a/b/x", inner, outer); paths[inner] != "/a/b" || paths[outer] != "/a" || calls != 1 {
		t.Errorf("the folders are %v after %d calls", paths, calls)
	}
	const most = review.MaxFolderLookups
	if paths, calls := find("/a/b/c/d/e/f/g/h/x", outer); len(paths) < 1+most || paths[outer] != "" || calls != most {
		t.Errorf("the folders are %v after %d calls", paths, calls)
	}
	w.Inject(emulator.Fault{Query: url.QueryEscape("/a/b"), Status: http.StatusForbidden, Code: "PERMISSION_DENIED"})
	if paths, calls := find("/a/b/x", outer); paths[outer] != "/a" || calls != 2 {
		t.Errorf("the folders are %v after %d calls", paths, calls)
	}
	w.Inject(emulator.Fault{Query: url.QueryEscape("/a"), Status: http.StatusForbidden, Code: "PERMISSION_DENIED", Times: -1})
	if paths, calls := find("/a/b/x", outer); len(paths) != 1 || calls != 2 {
		t.Errorf("the folders are %v after %d calls", paths, calls)
	}
}
