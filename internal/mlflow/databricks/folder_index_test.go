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

// objectJSON returns the JSON of an object.
func objectJSON(id int, kind, path string) string {
	return fmt.Sprintf(`{"object_id":%d,"object_type":%q,"path":%q}`, id, kind, path)
}

func folderJSON(id int, path string) string { return objectJSON(id, "DIRECTORY", path) }

// listResponse returns a response with objects.
func listResponse(objects ...string) mlflowtest.Response {
	return mlflowtest.OK(`{"objects":[` + strings.Join(objects, ",") + `]}`)
}

var folderNotFound = mlflowtest.Refuse(404, "RESOURCE_DOES_NOT_EXIST", "Path doesn't exist.")

func TestListFolder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path     string
		response mlflowtest.Response
		want     []string
		wantErr  string
	}{
		"an empty folder": {"/a", mlflowtest.OK(`{}`), nil, ""},
		"several objects": {"/a", listResponse(folderJSON(1, "/a/b"), objectJSON(2, "NOTEBOOK", "/a/c")), []string{"/a/b", "/a/c"},
			""},
		"the root":                   {"/", listResponse(folderJSON(1, "/Users")), []string{"/Users"}, ""},
		"with the prefix":            {"/Workspace/a", listResponse(folderJSON(1, "/Workspace/a/b")), []string{"/Workspace/a/b"}, ""},
		"with a trailing slash":      {"/a/", listResponse(folderJSON(1, "/a/b")), []string{"/a/b"}, ""},
		"the object itself":          {"/a/c", listResponse(objectJSON(2, "NOTEBOOK", "/a/c")), []string{"/a/c"}, ""},
		"not found":                  {"/a", folderNotFound, nil, "RESOURCE_DOES_NOT_EXIST"},
		"a proxy":                    {"/a", mlflowtest.OK(`{"status":"ok"}`), nil, "workspace object"},
		"without an ID":              {"/a", listResponse(folderJSON(0, "/a/b")), nil, "workspace object"},
		"another folder":             {"/a", listResponse(folderJSON(1, "/b/c")), nil, "is not in folder"},
		"a folder below a subfolder": {"/a", listResponse(folderJSON(1, "/a/b/c")), nil, "is not in folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mlflowtest.NewScripted(t)
			s.Read(listOf(c.path), c.response)
			objects, err := databricks.ListFolder(t.Context(), s.Client(databricks.Backend{}), c.path)
			mlflowtest.ExpectError(t, err, c.wantErr)
			var paths []string
			for _, o := range objects {
				paths = append(paths, o.Path)
			}
			if err == nil && !slices.Equal(paths, c.want) {
				t.Errorf("got objects %q, want %q", paths, c.want)
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
		folderJSON(7, "/a"): {0, true, false},
		`{"object_id":7,"object_type":"DIRECTORY","path":"/a","created_at":1700000000000}`: {1700000000000, true,
			false},
		`{"object_id":7,"object_type":"DIRECTORY","path":"/a","created_at":"17","directory_info":{}}`:                  {17, true, false},
		`{"object_id":7,"object_type":"DIRECTORY","path":"/a","created_at":1,"directory_info":{"is_git_folder":true}}`: {1, true, true},
		objectJSON(7, "REPO", "/a"):     {0, true, true},
		objectJSON(7, "NOTEBOOK", "/a"): {0, false, false},
	} {
		s := mlflowtest.NewScripted(t)
		s.Read(statusOf("/a"), mlflowtest.OK(body))
		o, err := databricks.WorkspaceStatus(t.Context(), s.Client(databricks.Backend{}), "/a")
		if err != nil || int64(o.Created) != want.created || o.IsFolder() != want.folder || o.IsGitFolder() != want.git ||
			o.Object() != "/directories/7" {
			t.Errorf("%s: got %+v, error %v", body, o, err)
		}
	}
}

// TestFolderIndex_lookup checks that a folder is looked up once in all spellings, and that neither an error nor another object is cached.
func TestFolderIndex_lookup(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	client := s.Client(databricks.Backend{})
	index := &databricks.FolderIndex{}
	look := func(path string, want rest.Int64, calls int) {
		t.Helper()
		o, err := index.Lookup(t.Context(), client, path)
		if rest.IsNotFound(err) != (want == 0) || o.ID != want {
			t.Errorf("%s: got %+v, error %v; want ID %d", path, o, err, want)
		}
		if seen := len(s.Requests()); seen != calls {
			t.Errorf("%s: got %d requests, want %d", path, seen, calls)
		}
	}
	s.Read(statusOf("/a/b"), folderNotFound)
	look("/a/b", 0, 1)
	s.Read(statusOf("/a/b"), mlflowtest.OK(objectJSON(6, "MLFLOW_EXPERIMENT", "/a/b"))) // which is renamed later
	look("/a/b", 6, 1)
	s.Read(statusOf("/a/b"), mlflowtest.OK(folderJSON(7, "/a/b"))) // created by another client
	look("/a/b", 7, 1)
	look("/Workspace/a/b/", 7, 0)
	s.Read(statusOf("/a/bc"), mlflowtest.OK(folderJSON(8, "/a/bc")))
	look("/a/bc", 8, 1)
	look("/a/b", 7, 0)
}

// blockingServer is a server whose response to each call waits until the test sends it.
type blockingServer struct {
	calls     atomic.Int32
	responses chan string
}

func (b *blockingServer) response() string {
	b.calls.Add(1)
	return <-b.responses
}

// RoundTrip implements [http.RoundTripper].
func (b *blockingServer) RoundTrip(*http.Request) (*http.Response, error) {
	return mlflowtest.Reply(http.StatusOK, b.response())()
}

// TestFolderIndex_concurrent checks that concurrent lookups share a request, and that each ends with its own context.
func TestFolderIndex_concurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &blockingServer{responses: make(chan string)}
		client := mlflowtest.Client(server, databricks.Backend{})
		index := &databricks.FolderIndex{}
		look := func(ctx context.Context, want rest.Int64) {
			if o, err := index.Lookup(ctx, client, "/a"); o.ID != want || (err != nil) != (want == 0) {
				t.Errorf("got folder %+v, error %v; want ID %d", o, err, want)
			}
		}
		expectCalls := func(want int32) {
			synctest.Wait()
			if got := server.calls.Load(); got != want {
				t.Errorf("got %d requests, want %d", got, want)
			}
		}
		var group sync.WaitGroup
		canceled, cancel := context.WithCancel(t.Context())
		group.Go(func() { look(canceled, 0) })
		expectCalls(1)
		for range 3 {
			group.Go(func() { look(t.Context(), 1) })
		}
		expectCalls(1)
		cancel()
		expectCalls(1)
		server.responses <- folderJSON(1, "/a")
		group.Wait()
		look(t.Context(), 1)
		expectCalls(1)
	})
}
