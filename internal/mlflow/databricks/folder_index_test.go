package databricks_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	getStatus = "GET /api/2.0/workspace/get-status"
	listRoute = "GET /api/2.0/workspace/list"
)

func statusOf(path string) string { return getStatus + "?path=" + url.QueryEscape(path) }
func listOf(path string) string   { return listRoute + "?path=" + url.QueryEscape(path) }

// objectText is the JSON of an object.
func objectText(id int, kind, path string) string {
	return fmt.Sprintf(`{"object_id":%d,"object_type":%q,"path":%q}`, id, kind, path)
}

func folderText(id int, path string) string { return objectText(id, "DIRECTORY", path) }

// listText is the JSON of a list.
func listText(objects ...string) mlflowtest.Response {
	return mlflowtest.OK(`{"objects":[` + strings.Join(objects, ",") + `]}`)
}

var noFolder = mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "Path doesn't exist.")

func TestListFolder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path     string
		response mlflowtest.Response
		want     []string
		says     string
	}{
		"an empty folder":       {"/a", mlflowtest.OK(`{}`), nil, ""},
		"several objects":       {"/a", listText(folderText(1, "/a/b"), objectText(2, "NOTEBOOK", "/a/c")), []string{"/a/b", "/a/c"}, ""},
		"the root":              {"/", listText(folderText(1, "/Users")), []string{"/Users"}, ""},
		"with the prefix":       {"/Workspace/a", listText(folderText(1, "/Workspace/a/b")), []string{"/Workspace/a/b"}, ""},
		"with a trailing slash": {"/a/", listText(folderText(1, "/a/b")), []string{"/a/b"}, ""},
		"the object itself":     {"/a/c", listText(objectText(2, "NOTEBOOK", "/a/c")), []string{"/a/c"}, ""},
		"no folder":             {"/a", noFolder, nil, "RESOURCE_DOES_NOT_EXIST"},
		"a proxy":               {"/a", mlflowtest.OK(`{"status":"ok"}`), nil, "workspace object"},
		"without an ID":         {"/a", listText(folderText(0, "/a/b")), nil, "workspace object"},
		"another folder":        {"/a", listText(folderText(1, "/b/c")), nil, "is not in folder"},
		"a folder further down": {"/a", listText(folderText(1, "/a/b/c")), nil, "is not in folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(listOf(c.path), c.response)
			objects, err := databricks.ListFolder(t.Context(), s.Client(databricks.Backend{}), c.path)
			mlflowtest.ExpectError(t, err, c.says)
			var paths []string
			for _, o := range objects {
				paths = append(paths, o.Path)
			}
			if err == nil && !slices.Equal(paths, c.want) {
				t.Errorf("the objects are %q, want %q", paths, c.want)
			}
		})
	}
}

func TestWorkspaceObject(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		created     int64
		folder, git bool
	}{
		folderText(7, "/a"): {0, true, false},
		`{"object_id":7,"object_type":"DIRECTORY","path":"/a","created_at":1700000000000}`:                             {1700000000000, true, false},
		`{"object_id":7,"object_type":"DIRECTORY","path":"/a","created_at":"17","directory_info":{}}`:                  {17, true, false},
		`{"object_id":7,"object_type":"DIRECTORY","path":"/a","created_at":1,"directory_info":{"is_git_folder":true}}`: {1, true, true},
		objectText(7, "REPO", "/a"):     {0, true, true},
		objectText(7, "NOTEBOOK", "/a"): {0, false, false},
	} {
		s := mlflowtest.NewScripted(t)
		s.Read(statusOf("/a"), mlflowtest.OK(body))
		o, err := databricks.WorkspaceStatus(t.Context(), s.Client(databricks.Backend{}), "/a")
		if err != nil || int64(o.Created) != want.created || o.IsFolder() != want.folder || o.IsGitFolder() != want.git || o.Object() != "/directories/7" {
			t.Errorf("%s is %+v, error %v", body, o, err)
		}
	}
}

// A folder is looked up once in every spelling. Neither a refusal nor another object is kept.
func TestFolderIndex_lookup(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	client := s.Client(databricks.Backend{})
	index := &databricks.FolderIndex{}
	look := func(path string, want rest.Int64, calls int) {
		t.Helper()
		o, err := index.Lookup(t.Context(), client, path)
		if rest.IsNotFound(err) != (want == 0) || o.ID != want {
			t.Errorf("%s is %+v, error %v; want ID %d", path, o, err, want)
		}
		if seen := len(s.Requests()); seen != calls {
			t.Errorf("%s takes %d calls, want %d", path, seen, calls)
		}
	}
	s.Read(statusOf("/a/b"), noFolder)
	look("/a/b", 0, 1)
	s.Read(statusOf("/a/b"), mlflowtest.OK(objectText(6, "MLFLOW_EXPERIMENT", "/a/b"))) // which is then renamed
	look("/a/b", 6, 1)
	s.Read(statusOf("/a/b"), mlflowtest.OK(folderText(7, "/a/b"))) // somebody created it
	look("/a/b", 7, 1)
	look("/Workspace/a/b/", 7, 0)
	s.Read(statusOf("/a/bc"), mlflowtest.OK(folderText(8, "/a/bc")))
	look("/a/bc", 8, 1)
	look("/a/b", 7, 0)
}

// blocking is a server whose response to each call waits until the test sends it.
type blocking struct {
	calls     atomic.Int32
	responses chan string
}

func (b *blocking) response() string {
	b.calls.Add(1)
	return <-b.responses
}

// RoundTrip implements [http.RoundTripper].
func (b *blocking) RoundTrip(*http.Request) (*http.Response, error) {
	return mlflowtest.Reply(http.StatusOK, b.response())()
}

// Lookups at the same time share a request, and each ends with its own context.
func TestFolderIndex_concurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &blocking{responses: make(chan string)}
		client := mlflowtest.Client(server, databricks.Backend{})
		index := &databricks.FolderIndex{}
		look := func(ctx context.Context, want rest.Int64) {
			if o, err := index.Lookup(ctx, client, "/a"); o.ID != want || (err != nil) != (want == 0) {
				t.Errorf("the folder is %+v, error %v; want ID %d", o, err, want)
			}
		}
		expectCalls := func(want int32) {
			synctest.Wait()
			if got := server.calls.Load(); got != want {
				t.Errorf("%d calls, want %d", got, want)
			}
		}
		var group sync.WaitGroup
		given, giveUp := context.WithCancel(t.Context())
		group.Go(func() { look(given, 0) })
		expectCalls(1)
		for range 3 {
			group.Go(func() { look(t.Context(), 1) })
		}
		expectCalls(1)
		giveUp()
		expectCalls(1)
		server.responses <- folderText(1, "/a")
		group.Wait()
		look(t.Context(), 1)
		expectCalls(1)
	})
}
