package provider

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// maxFolderLookups bounds the calls that a review makes to find the paths of folders.
const maxFolderLookups = 5

// folderTracker finds the paths of the folders that grants are inherited from, which the server names by id alone. Whatever a folder
// grants, everything below it inherits. So a folder's path is one that stands above all experiments that inherit from it, and above no
// other: mostly that leaves a single path, and no call is needed.
type folderTracker struct {
	mu sync.Mutex
	// below counts the experiments below each path, and heirs those that inherit from each object, in all and below each path.
	below      map[string]int
	heirs      map[string]int
	heirsBelow map[string]map[string]int
}

func newFolderTracker() *folderTracker {
	return &folderTracker{below: map[string]int{}, heirs: map[string]int{}, heirsBelow: map[string]map[string]int{}}
}

// add notes what an experiment inherits from. One in Trash tells nothing: it does not lie where it inherits from.
func (t *folderTracker) add(e mlflow.Experiment, acl mlflow.ACL) {
	if e.Deleted() {
		return
	}
	folders := foldersAbove(e.Name)
	objects := inheritedObjects(acl)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, folder := range folders {
		t.below[folder]++
	}
	for object := range objects {
		t.heirs[object]++
		if t.heirsBelow[object] == nil {
			t.heirsBelow[object] = map[string]int{}
		}
		for _, folder := range folders {
			t.heirsBelow[object][folder]++
		}
	}
}

// foldersAbove lists the folders that a name lies in, the nearest first and without the root.
func foldersAbove(name string) []string {
	var folders []string
	for folder := path.Dir(name); folder != "/" && folder != "."; folder = path.Dir(folder) {
		folders = append(folders, folder)
	}
	return folders
}

// inheritedObjects gives the folders that something is inherited from, without the root.
func inheritedObjects(acl mlflow.ACL) map[string]bool {
	objects := map[string]bool{}
	for _, e := range acl.Entries {
		for _, p := range e.Permissions {
			for _, object := range p.InheritedFrom {
				if strings.HasPrefix(object, rootObject) && object != rootObject {
					objects[object] = true
				}
			}
		}
	}
	return objects
}

// paths gives the path of each object, as far as it can be told with a few calls: a folder is asked for only where several paths remain.
func (t *folderTracker) paths(ctx context.Context, client *mlflow.Client) map[string]string {
	known := map[string]string{rootObject: "/"}
	possible := t.possible()
	asked := map[string]bool{}
	for {
		settle(possible, known)
		folder := mostWanted(possible, asked)
		if folder == "" || len(asked) == maxFolderLookups {
			return known
		}
		asked[folder] = true
		status, err := databricks.WorkspaceStatus(ctx, client, folder)
		if err != nil {
			continue // not for the caller to see: what depends on it stays open
		}
		object := folderObject(status)
		known[object] = folder
		delete(possible, object)
		exclude(possible, folder)
	}
}

// folderObject is how a folder is named where something is inherited from it.
func folderObject(folder databricks.WorkspaceObject) string {
	return rootObject + strconv.FormatInt(int64(folder.ID), 10)
}

// possible lists the paths that each object may have.
func (t *folderTracker) possible() map[string][]string {
	possible := map[string][]string{}
	for object, count := range t.heirs {
		for folder, heirs := range t.heirsBelow[object] {
			aboveAll, aboveNoOther := heirs == count, t.below[folder] == heirs
			if aboveAll && aboveNoOther {
				possible[object] = append(possible[object], folder)
			}
		}
	}
	return possible
}

// settle moves the objects that have one possible path to the known ones. A path that is taken is no other object's.
func settle(possible map[string][]string, known map[string]string) {
	for again := true; again; {
		again = false
		for _, object := range sortedKeys(possible) {
			if folders := possible[object]; len(folders) == 1 {
				known[object] = folders[0]
				delete(possible, object)
				exclude(possible, folders[0])
				again = true
			}
		}
	}
}

func exclude(possible map[string][]string, folder string) {
	for object, folders := range possible {
		possible[object] = slices.DeleteFunc(folders, func(f string) bool { return f == folder })
	}
}

// mostWanted gives the path to ask for next, "" when none is left: one that most objects may have, rather the inner folder than the
// outer one.
func mostWanted(possible map[string][]string, asked map[string]bool) string {
	wanted := map[string]int{}
	for _, folders := range possible {
		for _, folder := range folders {
			if !asked[folder] {
				wanted[folder]++
			}
		}
	}
	best := ""
	for _, folder := range sortedKeys(wanted) {
		if wanted[folder] >= wanted[best] {
			best = folder
		}
	}
	return best
}
