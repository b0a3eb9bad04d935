package databricks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// MaxFolderLists is the maximum number of folders that [FolderIndex.FindPath] lists.
const MaxFolderLists = 1000

// FolderNotFoundError means that [FolderIndex.FindPath] found no folder with the object ID.
type FolderNotFoundError struct {
	// ID is the object ID of the folder.
	ID string
	// Lists is the number of folders that were listed.
	Lists int
	// Hidden is the number of folders that could not be listed.
	Hidden int
	// Incomplete is set if the search ended at [MaxFolderLists].
	Incomplete bool
}

// Error implements [error].
func (e *FolderNotFoundError) Error() string {
	text := fmt.Sprintf("no folder with object ID %s was found in %d folders", e.ID, e.Lists)
	if e.Incomplete {
		text += ", the maximum of a search by ID"
	}
	if e.Hidden > 0 {
		text += fmt.Sprintf("; %d more could not be listed", e.Hidden)
	}
	return text + ": import the folder by its path instead"
}

// FindPath returns the path of the folder with an object ID, such as "123" or "/directories/123". No API returns it, so it lists folders
// from the root downward, level by level, and /Users and /Repos last. above has known parent folders, by their names in the inherited
// grants of its access control list, which are listed first. It skips folders that the caller cannot list, and does not search Git
// folders. Each folder is listed once in a run.
//
// Errors: *[FolderNotFoundError], also if the search ends after [MaxFolderLists] folders.
func (x *FolderIndex) FindPath(ctx context.Context, c *mlflow.Client, folderID string, above []string) (string, error) {
	number, err := strconv.ParseInt(strings.TrimPrefix(folderID, RootObject), 10, 64)
	if err != nil || number <= 0 {
		return "", fmt.Errorf("%q is not the object ID of a folder", folderID)
	}
	wanted := WorkspaceObject{ID: rest.Int64(number)}
	search := newFolderSearch(above)
	for id, folder := range x.knownFolders() {
		if id == wanted.Object() {
			return folder, nil
		}
		search.addKnown(id, folder)
	}
	search.add("/", 0)
	missing := &FolderNotFoundError{ID: wanted.ObjectID()}
	for folder, rank := search.next(); folder != ""; folder, rank = search.next() {
		if missing.Lists+missing.Hidden == MaxFolderLists {
			missing.Incomplete = true
			break
		}
		folders, err := x.load(ctx, c, folderQuery{path: folder, list: true})
		switch {
		case rest.IsNotFound(err), rest.IsPermissionDenied(err):
			missing.Hidden++
			continue
		case err != nil:
			return "", fmt.Errorf("listing folder %q: %w", folder, err)
		}
		missing.Lists++
		for _, o := range folders {
			if o.ID == wanted.ID {
				return Names{}.NormalizeName(o.Path), nil
			}
			search.addChild(o, rank)
		}
	}
	return "", missing
}

// folderSearch is a queue of the folders to list, by rank. The highest rank comes first, and within a rank the first one.
type folderSearch struct {
	above  map[string]bool
	queues map[int][]string
	added  map[string]bool
}

// newFolderSearch returns a search without folders. above are the folders that the wanted one is in.
func newFolderSearch(above []string) *folderSearch {
	s := &folderSearch{above: map[string]bool{}, queues: map[int][]string{}, added: map[string]bool{}}
	for _, object := range above {
		s.above[RootObject+strings.TrimPrefix(object, RootObject)] = true
	}
	return s
}

// add adds a folder once.
func (s *folderSearch) add(folder string, rank int) {
	if !s.added[folder] {
		s.added[folder] = true
		s.queues[rank] = append(s.queues[rank], folder)
	}
}

// addKnown adds a folder that an earlier search found, if the wanted one is in it. The deeper one comes first.
func (s *folderSearch) addKnown(object, folder string) {
	if s.above[object] {
		s.add(folder, strings.Count(folder, "/"))
	}
}

// addChild adds a folder that was listed in one of the given rank. It has a higher rank if the wanted folder is in it.
func (s *folderSearch) addChild(o WorkspaceObject, rank int) {
	at := Names{}.NormalizeName(o.Path)
	switch {
	case o.IsGitFolder():
		return
	case s.above[o.Object()]:
		rank = strings.Count(at, "/")
	case at == "/Users", at == ReposPath:
		rank = -1
	}
	s.add(at, rank)
}

// next removes and returns the folder to list next, "" if there is none.
func (s *folderSearch) next() (folder string, rank int) {
	ranks := make([]int, 0, len(s.queues))
	for rank, queue := range s.queues {
		if len(queue) > 0 {
			ranks = append(ranks, rank)
		}
	}
	if len(ranks) == 0 {
		return "", 0
	}
	rank = slices.Max(ranks)
	folder = s.queues[rank][0]
	s.queues[rank] = s.queues[rank][1:]
	return folder, rank
}
