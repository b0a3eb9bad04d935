package databricks_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

// folderTree is a workspace of folders: paths with their object IDs. The folder hidden cannot be listed, and the folder vanished was
// deleted after it was listed.
type folderTree struct {
	folders          map[string]int
	git              string
	hidden, vanished string

	mu     sync.Mutex
	listed []string
}

// RoundTrip implements [http.RoundTripper].
func (w *folderTree) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	folder, _ := url.QueryUnescape(req.URL.Query().Get("path"))
	w.listed = append(w.listed, folder)
	switch folder {
	case w.hidden:
		return mlflowtest.Reply(http.StatusForbidden, `{"error_code":"PERMISSION_DENIED","message":"no"}`)()
	case w.vanished:
		return mlflowtest.Reply(http.StatusNotFound, mlflowtest.NotFoundBody)()
	}
	objects := []string{objectJSON(1_000_000+len(w.listed), "NOTEBOOK", path.Join(folder, "notebook"))}
	for at, id := range w.folders {
		switch {
		case path.Dir(at) != folder || at == "/":
		case at == w.git:
			objects = append(objects, fmt.Sprintf(`{"object_id":%d,"object_type":"DIRECTORY","path":%q,"directory_info":{"is_git_folder":true}}`, id,
				at))
		default:
			objects = append(objects, folderJSON(id, at))
		}
	}
	slices.Sort(objects[1:])
	return mlflowtest.Reply(http.StatusOK, `{"objects":[`+strings.Join(objects, ",")+`]}`)()
}

// takeListed returns the folders that were listed since its last call.
func (w *folderTree) takeListed() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := strings.Join(w.listed, " ")
	w.listed = nil
	return seen
}

func (w *folderTree) client() *mlflow.Client { return mlflowtest.Client(w, databricks.Backend{}) }

// newFolderTree returns a workspace with home folders, shared folders, and projects.
func newFolderTree() *folderTree {
	return &folderTree{folders: map[string]int{
		"/Users": 10, "/Users/ana": 11, "/Users/ana/models": 12, "/Repos": 20, "/Repos/ana": 21, "/Shared": 30, "/Shared/a": 31,
		"/Zoo": 40, "/Zoo/a": 41, "/Zoo/b": 42, "/Zoo/b/c": 43, "/Zoo/b/d": 44, "/Zoo/b/d/e": 45,
	}}
}

func TestFolderIndex_findPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id      string
		above   []string
		change  func(*folderTree)
		want    string
		listed  string
		wantErr string
	}{
		"at the top":     {"30", nil, nil, "/Shared", "/", ""},
		"level by level": {"/directories/42", nil, nil, "/Zoo/b", "/ /Shared /Zoo", ""},
		"home folders last": {
			"11", []string{"/directories/"}, nil, "/Users/ana", "/ /Shared /Zoo /Shared/a /Zoo/a /Zoo/b /Zoo/b/c /Zoo/b/d /Zoo/b/d/e /Users", "",
		},
		"a known home folder":             {"12", []string{"/directories/10", "11"}, nil, "/Users/ana/models", "/ /Users /Users/ana", ""},
		"below a known parent folder":     {"43", []string{"/directories/40", "/directories/"}, nil, "/Zoo/b/c", "/ /Zoo /Zoo/a /Zoo/b", ""},
		"below the nearest parent folder": {"45", []string{"44", "40"}, nil, "/Zoo/b/d/e", "/ /Zoo /Zoo/a /Zoo/b /Zoo/b/d", ""},
		"not below the given folder":      {"43", []string{"/directories/31"}, nil, "/Zoo/b/c", "/ /Shared /Shared/a /Zoo /Zoo/a /Zoo/b", ""},
		"past a hidden folder": {"45", []string{"40"}, func(w *folderTree) { w.hidden = "/Zoo/a" }, "/Zoo/b/d/e",
			"/ /Zoo /Zoo/a /Zoo/b /Zoo/b/c /Zoo/b/d", ""},
		"past a vanished folder": {"42", nil, func(w *folderTree) { w.vanished = "/Shared" }, "/Zoo/b", "/ /Shared /Zoo", ""},
		"below a hidden folder": {
			"42", nil, func(w *folderTree) { w.hidden = "/Zoo" }, "",
			"/ /Shared /Zoo /Shared/a /Users /Repos /Users/ana /Repos/ana /Users/ana/models",
			"no folder with object ID 42 was found in 8 folders; 1 more could not be listed: import the folder by its path instead",
		},
		"a Git folder": {"42", nil, func(w *folderTree) { w.git = "/Zoo/b" }, "/Zoo/b", "/ /Shared /Zoo", ""},
		"in a Git folder": {"43", []string{"42"}, func(w *folderTree) { w.git = "/Zoo/b"; delete(w.folders, "/Users/ana") }, "",
			"/ /Shared /Zoo /Shared/a /Zoo/a /Users /Repos /Repos/ana", "was found in 8 folders: import"},
		"not found": {"99", nil, func(w *folderTree) { w.folders = nil }, "", "/",
			"no folder with object ID 99 was found in 1 folders: import"},
		"not a number":         {"/Zoo", nil, nil, "", "", `"/Zoo" is not the object ID of a folder`},
		"the root":             {"/directories/", nil, nil, "", "", "is not the object ID"},
		"a negative number":    {"-4", nil, nil, "", "", "is not the object ID"},
		"the ID of a notebook": {"1000001", nil, func(w *folderTree) { w.folders = nil }, "", "/", "no folder with object ID 1000001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFolderTree()
			if c.change != nil {
				c.change(w)
			}
			got, err := new(databricks.FolderIndex).FindPath(t.Context(), w.client(), c.id, c.above)
			mlflowtest.ExpectError(t, err, c.wantErr)
			if seen := w.takeListed(); got != c.want || seen != c.listed {
				t.Errorf("got path %q after lists of %q, want %q after %q", got, seen, c.want, c.listed)
			}
		})
	}
}

// TestFolderIndex_findPathAgain checks that each folder is listed once in a run, and that listed folders need no lookup.
func TestFolderIndex_findPathAgain(t *testing.T) {
	t.Parallel()
	w := newFolderTree()
	client, index := w.client(), &databricks.FolderIndex{}
	find := func(id, want, listed string, above ...string) {
		t.Helper()
		got, err := index.FindPath(t.Context(), client, id, above)
		if seen := w.takeListed(); err != nil || got != want || seen != listed {
			t.Errorf("got path %q, error %v, after lists of %q; want %q after %q", got, err, seen, want, listed)
		}
	}
	find("42", "/Zoo/b", "/ /Shared /Zoo")
	find("42", "/Zoo/b", "")
	find("31", "/Shared/a", "")
	find("45", "/Zoo/b/d/e", "/Zoo/b /Zoo/b/d", "/directories/42", "/directories/44")
	find("12", "/Users/ana/models", "/Users /Users/ana", "/directories/10", "/directories/11")
	if o, err := index.Lookup(t.Context(), client, "/Zoo/b/d"); err != nil || o.ID != 44 || w.takeListed() != "" {
		t.Errorf("got folder %+v, error %v", o, err)
	}
}

// TestFolderIndex_findPathsTogether checks that concurrent searches share the lists.
func TestFolderIndex_findPathsTogether(t *testing.T) {
	t.Parallel()
	w := newFolderTree()
	client, index := w.client(), &databricks.FolderIndex{}
	var group sync.WaitGroup
	for at, id := range w.folders {
		for range 5 {
			group.Go(func() {
				if got, err := index.FindPath(t.Context(), client, fmt.Sprint(id), nil); got != at || err != nil {
					t.Errorf("folder %d: got path %q, error %v; want %q", id, got, err, at)
				}
			})
		}
	}
	group.Wait()
	listed := strings.Fields(w.takeListed())
	slices.Sort(listed)
	if once := slices.Compact(slices.Clone(listed)); len(once) != len(listed) {
		t.Errorf("got lists of %q, want each once", listed)
	}
}

// TestFolderIndex_findPathBound checks that the search ends after MaxFolderLists folders.
func TestFolderIndex_findPathBound(t *testing.T) {
	t.Parallel()
	w := &folderTree{folders: map[string]int{}}
	for i := range databricks.MaxFolderLists {
		w.folders[fmt.Sprintf("/%d", i)] = 1 + i
	}
	_, err := new(databricks.FolderIndex).FindPath(t.Context(), w.client(), "999999", nil)
	missing, ok := errors.AsType[*databricks.FolderNotFoundError](err)
	if !ok || !missing.Incomplete || missing.Lists != databricks.MaxFolderLists || len(w.listed) != databricks.MaxFolderLists {
		t.Errorf("got error %v after %d lists", err, len(w.listed))
	}
	mlflowtest.ExpectError(t, err, "was found in 1000 folders, the maximum of a search by ID: import the folder by its path instead")
}

// TestFolderIndex_findPathFails checks that an error of the server ends the search.
func TestFolderIndex_findPathFails(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	s.Read(listOf("/"), listResponse(folderJSON(1, "/a")))
	s.Read(listOf("/a"), mlflowtest.Refuse(400, "BAD_REQUEST", "no"))
	_, err := new(databricks.FolderIndex).FindPath(t.Context(), s.Client(databricks.Backend{}), "7", nil)
	mlflowtest.ExpectError(t, err, `listing folder "/a"`, "BAD_REQUEST")
}
