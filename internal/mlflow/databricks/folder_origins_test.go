package databricks_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// inherits returns an access control list with grants that are inherited from objects.
func inherits(objects ...string) mlflow.ACL {
	entry := mlflow.ACLEntry{Principal: mlflow.Principal{Kind: mlflow.KindGroup, Name: "risk"}}
	for _, object := range objects {
		p := mlflow.Permission{Level: mlflow.LevelRead, Inherited: true, InheritedFrom: []string{object}}
		entry.Permissions = append(entry.Permissions, p)
	}
	return mlflow.ACL{Entries: []mlflow.ACLEntry{entry}}
}

// originsOf returns the folders from which one object inherits.
func originsOf(t *testing.T, index *databricks.FolderIndex, client *mlflow.Client, path string, objects ...string) map[string]string {
	t.Helper()
	return index.Origins(t.Context(), client, map[string]map[string]bool{path: databricks.InheritedFolders(inherits(objects...))})
}

// TestFolderIndex_originsWithoutRequests checks that neither the root nor the parent folder needs a request: there is no client.
func TestFolderIndex_originsWithoutRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path    string
		objects []string
		want    map[string]string
	}{
		"nothing":  {"/a/x", nil, map[string]string{"/directories/": "/"}},
		"the root": {"/a/x", []string{"/directories/"}, map[string]string{"/directories/": "/"}},
		"a folder": {
			"/a/x", []string{"/directories/", "/directories/1"}, map[string]string{"/directories/": "/", "/directories/1": "/a"},
		},
		"another spelling of the path": {"/Workspace/a/x/", []string{"/directories/1"},
			map[string]string{"/directories/": "/", "/directories/1": "/a"}},
		"no folders": {"free text", []string{"every experiment", "admin"}, map[string]string{"/directories/": "/"}},
	} {
		if got := originsOf(t, &databricks.FolderIndex{}, nil, c.path, c.objects...); !maps.Equal(got, c.want) {
			t.Errorf("%s: got folders %v, want %v", name, got, c.want)
		}
	}
	if got := new(databricks.FolderIndex).Origins(t.Context(), nil, nil); !maps.Equal(got, map[string]string{"/directories/": "/"}) {
		t.Errorf("without objects: got folders %v, want the root", got)
	}
}

// TestFolderIndex_originLookups checks that few folders are looked up if several paths are possible, and that the others are looked up if
// one cannot be read.
func TestFolderIndex_originLookups(t *testing.T) {
	t.Parallel()
	w := emulator.New(emulator.Options{})
	w.Mkdirs("/a/b/c/d/e/f/g/h")
	w.Mkdirs("/z/y")
	client := mlflowtest.Connect(t, w, emulator.AdminToken)
	find := func(path string, objects ...string) (paths map[string]string, calls int) {
		w.ResetJournal()
		return originsOf(t, &databricks.FolderIndex{}, client, path, objects...), len(w.Journal())
	}
	object := func(folder string) string {
		status, err := databricks.WorkspaceStatus(t.Context(), client, folder)
		if err != nil {
			t.Fatal(err)
		}
		return status.Object()
	}
	inner, outer, other := object("/a/b"), object("/a"), object("/z")
	if paths, calls := find("/a/b/x", inner, outer); paths[inner] != "/a/b" || paths[outer] != "/a" || calls != 1 {
		t.Errorf("got folders %v after %d requests", paths, calls)
	}
	// One object: up to one lookup for each parent folder.
	if paths, calls := find("/a/b/c/d/e/f/g/h/x", outer); paths[outer] != "/a" || calls != 7 {
		t.Errorf("got folders %v after %d requests", paths, calls)
	}
	// Several objects: at most MaxOriginLookups.
	w.ResetJournal()
	paths := new(databricks.FolderIndex).Origins(t.Context(), client, map[string]map[string]bool{
		"/a/b/c/d/e/f/g/h/x": {outer: true}, "/z/y/x": {other: true},
	})
	if calls := len(w.Journal()); paths[outer] != "" || calls != databricks.MaxOriginLookups {
		t.Errorf("got folders %v after %d requests", paths, calls)
	}
	w.Inject(emulator.Fault{Query: url.QueryEscape("/a/b"), Status: http.StatusForbidden, Code: "PERMISSION_DENIED"})
	if paths, calls := find("/a/b/x", outer); paths[outer] != "/a" || calls != 2 {
		t.Errorf("got folders %v after %d requests", paths, calls)
	}
	w.Inject(emulator.Fault{Query: url.QueryEscape("/a"), Status: http.StatusForbidden, Code: "PERMISSION_DENIED", Times: -1})
	if paths, calls := find("/a/b/x", outer); len(paths) != 1 || calls != 2 {
		t.Errorf("got folders %v after %d requests", paths, calls)
	}
}

// TestFolderIndex_originsOfARun checks that the objects of a run share lookups.
func TestFolderIndex_originsOfARun(t *testing.T) {
	t.Parallel()
	w := emulator.New(emulator.Options{})
	w.Mkdirs("/a/b/c")
	client := mlflowtest.Connect(t, w, emulator.AdminToken)
	status, err := databricks.WorkspaceStatus(t.Context(), client, "/a/b")
	if err != nil {
		t.Fatal(err)
	}
	w.ResetJournal()
	index := &databricks.FolderIndex{}
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			paths := index.Origins(t.Context(), client, map[string]map[string]bool{fmt.Sprintf("/a/b/c/%d", i): {status.Object(): true}})
			if paths[status.Object()] != "/a/b" {
				t.Errorf("got folders %v, want /a/b", paths)
			}
		})
	}
	group.Wait()
	if calls := len(w.Journal()); calls != 2 {
		t.Errorf("got %d requests, want one for each of /a/b/c and /a/b", calls)
	}
}
