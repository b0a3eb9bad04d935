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

// tree is a workspace of folders: paths with their object IDs. A path in hidden cannot be listed, and one in vanished is listed, but not there.
type tree struct {
	folders          map[string]int
	git              string
	hidden, vanished string

	mu     sync.Mutex
	listed []string
}

// RoundTrip implements [http.RoundTripper].
func (w *tree) RoundTrip(req *http.Request) (*http.Response, error) {
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
	objects := []string{objectText(1_000_000+len(w.listed), "NOTEBOOK", path.Join(folder, "notebook"))}
	for at, id := range w.folders {
		switch {
		case path.Dir(at) != folder || at == "/":
		case at == w.git:
			objects = append(objects, fmt.Sprintf(`{"object_id":%d,"object_type":"DIRECTORY","path":%q,"directory_info":{"is_git_folder":true}}`, id, at))
		default:
			objects = append(objects, folderText(id, at))
		}
	}
	slices.Sort(objects[1:])
	return mlflowtest.Reply(http.StatusOK, `{"objects":[`+strings.Join(objects, ",")+`]}`)()
}

// seen returns the folders that were listed, and forgets them.
func (w *tree) seen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := strings.Join(w.listed, " ")
	w.listed = nil
	return seen
}

func (w *tree) client() *mlflow.Client { return mlflowtest.Client(w, databricks.Backend{}) }

// company is a workspace with home folders, shared folders, and projects.
func company() *tree {
	return &tree{folders: map[string]int{
		"/Users": 10, "/Users/ana": 11, "/Users/ana/models": 12, "/Repos": 20, "/Repos/ana": 21, "/Shared": 30, "/Shared/a": 31,
		"/Zoo": 40, "/Zoo/a": 41, "/Zoo/b": 42, "/Zoo/b/c": 43, "/Zoo/b/d": 44, "/Zoo/b/d/e": 45,
	}}
}

func TestFolderIndex_findPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id     string
		above  []string
		change func(*tree)
		want   string
		listed string
		says   string
	}{
		"at the top":     {"30", nil, nil, "/Shared", "/", ""},
		"level by level": {"/directories/42", nil, nil, "/Zoo/b", "/ /Shared /Zoo", ""},
		"home folders last": {
			"11", []string{"/directories/"}, nil, "/Users/ana", "/ /Shared /Zoo /Shared/a /Zoo/a /Zoo/b /Zoo/b/c /Zoo/b/d /Zoo/b/d/e /Users", "",
		},
		"a home folder that is known":  {"12", []string{"/directories/10", "11"}, nil, "/Users/ana/models", "/ /Users /Users/ana", ""},
		"what is above comes first":    {"43", []string{"/directories/40", "/directories/"}, nil, "/Zoo/b/c", "/ /Zoo /Zoo/a /Zoo/b", ""},
		"the nearest of what is above": {"45", []string{"44", "40"}, nil, "/Zoo/b/d/e", "/ /Zoo /Zoo/a /Zoo/b /Zoo/b/d", ""},
		"above somewhere else":         {"43", []string{"/directories/31"}, nil, "/Zoo/b/c", "/ /Shared /Shared/a /Zoo /Zoo/a /Zoo/b", ""},
		"past a hidden folder":         {"45", []string{"40"}, func(w *tree) { w.hidden = "/Zoo/a" }, "/Zoo/b/d/e", "/ /Zoo /Zoo/a /Zoo/b /Zoo/b/c /Zoo/b/d", ""},
		"past a vanished folder":       {"42", nil, func(w *tree) { w.vanished = "/Shared" }, "/Zoo/b", "/ /Shared /Zoo", ""},
		"below a hidden folder": {
			"42", nil, func(w *tree) { w.hidden = "/Zoo" }, "", "/ /Shared /Zoo /Shared/a /Users /Repos /Users/ana /Repos/ana /Users/ana/models",
			"no folder with object ID 42 was found in 8 folders; 1 more could not be listed: import the folder by its path instead",
		},
		"a Git folder":        {"42", nil, func(w *tree) { w.git = "/Zoo/b" }, "/Zoo/b", "/ /Shared /Zoo", ""},
		"in a Git folder":     {"43", []string{"42"}, func(w *tree) { w.git = "/Zoo/b"; delete(w.folders, "/Users/ana") }, "", "/ /Shared /Zoo /Shared/a /Zoo/a /Users /Repos /Repos/ana", "was found in 8 folders: import"},
		"no folder with it":   {"99", nil, func(w *tree) { w.folders = nil }, "", "/", "no folder with object ID 99 was found in 1 folders: import"},
		"no number":           {"/Zoo", nil, nil, "", "", `"/Zoo" is not the object ID of a folder`},
		"the root":            {"/directories/", nil, nil, "", "", "is not the object ID"},
		"a negative number":   {"-4", nil, nil, "", "", "is not the object ID"},
		"a notebook's number": {"1000001", nil, func(w *tree) { w.folders = nil }, "", "/", "no folder with object ID 1000001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := company()
			if c.change != nil {
				c.change(w)
			}
			got, err := new(databricks.FolderIndex).FindPath(t.Context(), w.client(), c.id, c.above)
			mlflowtest.ExpectError(t, err, c.says)
			if seen := w.seen(); got != c.want || seen != c.listed {
				t.Errorf("the path is %q after lists of %q, want %q after %q", got, seen, c.want, c.listed)
			}
		})
	}
}

// A run lists each folder once, and knows the folders that it has seen.
func TestFolderIndex_findPathAgain(t *testing.T) {
	t.Parallel()
	w := company()
	client, index := w.client(), &databricks.FolderIndex{}
	find := func(id, want, listed string, above ...string) {
		t.Helper()
		got, err := index.FindPath(t.Context(), client, id, above)
		if seen := w.seen(); err != nil || got != want || seen != listed {
			t.Errorf("the path is %q, error %v, after lists of %q; want %q after %q", got, err, seen, want, listed)
		}
	}
	find("42", "/Zoo/b", "/ /Shared /Zoo")
	find("42", "/Zoo/b", "")
	find("31", "/Shared/a", "")
	find("45", "/Zoo/b/d/e", "/Zoo/b /Zoo/b/d", "/directories/42", "/directories/44")
	find("12", "/Users/ana/models", "/Users /Users/ana", "/directories/10", "/directories/11")
	if o, err := index.Lookup(t.Context(), client, "/Zoo/b/d"); err != nil || o.ID != 44 || w.seen() != "" {
		t.Errorf("the folder is %+v, error %v", o, err)
	}
}

// Searches at the same time share the lists.
func TestFolderIndex_findPathsTogether(t *testing.T) {
	t.Parallel()
	w := company()
	client, index := w.client(), &databricks.FolderIndex{}
	var group sync.WaitGroup
	for at, id := range w.folders {
		for range 5 {
			group.Go(func() {
				if got, err := index.FindPath(t.Context(), client, fmt.Sprint(id), nil); got != at || err != nil {
					t.Errorf("folder %d is %q, error %v, want %q", id, got, err, at)
				}
			})
		}
	}
	group.Wait()
	listed := strings.Fields(w.seen())
	slices.Sort(listed)
	if once := slices.Compact(slices.Clone(listed)); len(once) != len(listed) {
		t.Errorf("the lists are %q, want each once", listed)
	}
}

// The search ends after so many folders.
func TestFolderIndex_findPathBound(t *testing.T) {
	t.Parallel()
	w := &tree{folders: map[string]int{}}
	for i := range databricks.MaxFolderLists {
		w.folders[fmt.Sprintf("/%d", i)] = 1 + i
	}
	_, err := new(databricks.FolderIndex).FindPath(t.Context(), w.client(), "999999", nil)
	missing, ok := errors.AsType[*databricks.FolderNotFoundError](err)
	if !ok || !missing.Incomplete || missing.Lists != databricks.MaxFolderLists || len(w.listed) != databricks.MaxFolderLists {
		t.Errorf("error %v after %d lists", err, len(w.listed))
	}
	mlflowtest.ExpectError(t, err, "was found in 1000 folders, the maximum of a search by ID: import the folder by its path instead")
}

// A failing server is no reason to look elsewhere.
func TestFolderIndex_findPathFails(t *testing.T) {
	t.Parallel()
	s := mlflowtest.NewScripted(t)
	s.Read(listOf("/"), listText(folderText(1, "/a")))
	s.Read(listOf("/a"), mlflowtest.Refuse(400, "BAD_REQUEST", "no"))
	_, err := new(databricks.FolderIndex).FindPath(t.Context(), s.Client(databricks.Backend{}), "7", nil)
	mlflowtest.ExpectError(t, err, `listing folder "/a"`, "BAD_REQUEST")
}
