package provider

import (
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// inherits is an access control list with grants from some objects.
func inherits(objects ...string) mlflow.ACL {
	entry := mlflow.ACLEntry{Principal: mlflow.Principal{Kind: mlflow.KindGroup, Name: "risk"}}
	for _, object := range objects {
		entry.Permissions = append(entry.Permissions, mlflow.Permission{Level: mlflow.LevelRead, Inherited: true, InheritedFrom: []string{object}})
	}
	return mlflow.ACL{Entries: []mlflow.ACLEntry{entry}}
}

// Most folders are told without a call: there is no client to make one with.
func TestFolderTracker_withoutCalls(t *testing.T) {
	t.Parallel()
	type experiment struct {
		name    string
		objects []string
	}
	for name, c := range map[string]struct {
		experiments []experiment
		want        map[string]string
	}{
		"none":     {nil, map[string]string{"/directories/": "/"}},
		"the root": {[]experiment{{"/a/x", []string{"/directories/"}}}, map[string]string{"/directories/": "/"}},
		"siblings": {
			[]experiment{{"/a/b/x", []string{"/directories/1"}}, {"/a/b/y", []string{"/directories/1"}}, {"/a/c/x", []string{"/directories/2"}}},
			map[string]string{"/directories/": "/", "/directories/1": "/a/b", "/directories/2": "/a/c"},
		},
		"nested": {
			[]experiment{{"/a/x", []string{"/directories/1"}}, {"/a/b/y", []string{"/directories/1", "/directories/2"}}},
			map[string]string{"/directories/": "/", "/directories/1": "/a", "/directories/2": "/a/b"},
		},
		"no folders": {[]experiment{{"free text", []string{"every experiment", "admin"}}}, map[string]string{"/directories/": "/"}},
		// Somebody changed a folder meanwhile: what does not fit is left open rather than guessed.
		"half": {[]experiment{{"/a/b/x", []string{"/directories/1"}}, {"/a/b/y", nil}}, map[string]string{"/directories/": "/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tracker := newFolderTracker()
			for _, e := range c.experiments {
				tracker.add(mlflow.Experiment{Name: e.name}, inherits(e.objects...))
			}
			if got := tracker.paths(t.Context(), nil); !maps.Equal(got, c.want) {
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
	client := clientOf(t, w, emulator.AdminToken)
	find := func(name string, objects ...string) (paths map[string]string, calls int) {
		w.ResetJournal()
		tracker := newFolderTracker()
		tracker.add(mlflow.Experiment{Name: name}, inherits(objects...))
		return tracker.paths(t.Context(), client), len(w.Journal())
	}
	object := func(folder string) string {
		status, err := databricks.WorkspaceStatus(t.Context(), client, folder)
		if err != nil {
			t.Fatal(err)
		}
		return folderObject(status)
	}
	inner, outer := object("/a/b"), object("/a")
	if paths, calls := find("/a/b/x", inner, outer); paths[inner] != "/a/b" || paths[outer] != "/a" || calls != 1 {
		t.Errorf("the folders are %v after %d calls", paths, calls)
	}
	if paths, calls := find("/a/b/c/d/e/f/g/h/x", outer); len(paths) < 1+maxFolderLookups || paths[outer] != "" || calls != maxFolderLookups {
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
