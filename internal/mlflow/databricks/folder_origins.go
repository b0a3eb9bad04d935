package databricks

import (
	"context"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// MaxOriginLookups is the maximum number of folders that [FolderIndex.Origins] looks up for several objects.
const MaxOriginLookups = 5

// InheritedFolders returns the folders from which grants of an access control list are inherited, by their names in the list, without the
// root.
func InheritedFolders(acl mlflow.ACL) map[string]bool {
	folders := map[string]bool{}
	for _, e := range acl.Entries {
		for _, p := range e.Permissions {
			for _, object := range p.InheritedFrom {
				if strings.HasPrefix(object, RootObject) && object != RootObject {
					folders[object] = true
				}
			}
		}
	}
	return folders
}

// Origins returns the path of each folder from which grants are inherited, by its name in access control lists, as far as it can be
// determined. objects has the [InheritedFolders] of experiments and folders by path; omit deleted experiments, which are no longer in their
// folder. The root folder is always in the result.
//
// Most paths follow from which objects inherit from a folder, without a request. Otherwise, it looks up parent folders of the objects: for
// one object up to all of them, for several objects at most [MaxOriginLookups]. It omits folders that cannot be read.
func (x *FolderIndex) Origins(ctx context.Context, c *mlflow.Client, objects map[string]map[string]bool) map[string]string {
	limit := MaxOriginLookups
	if len(objects) == 1 {
		limit = math.MaxInt
	}
	h := newInheritance(objects)
	paths := h.paths(x.knownFolders(), limit, func(folder string) (string, bool) {
		o, err := x.Lookup(ctx, c, folder)
		return o.Object(), err == nil
	})
	maps.DeleteFunc(paths, func(object, _ string) bool { return h.inheritors[object] == 0 })
	paths[RootObject] = "/"
	return paths
}

// inheritance infers the paths of the folders that grants are inherited from, which the server identifies by ID only. An object inherits
// the grants of every folder above it. So the path of a folder is one that is above all objects that inherit from the folder, and above
// no other. Mostly a single path fits, and no lookup is needed.
type inheritance struct {
	// below counts the objects below each path.
	below map[string]int
	// inheritors counts the objects that inherit from each folder, and inheritorsBelow those of them below each path.
	inheritors      map[string]int
	inheritorsBelow map[string]map[string]int
}

// newInheritance returns what follows from the folders that objects inherit from.
func newInheritance(objects map[string]map[string]bool) *inheritance {
	h := &inheritance{below: map[string]int{}, inheritors: map[string]int{}, inheritorsBelow: map[string]map[string]int{}}
	for object, folders := range objects {
		above := foldersAbove(Names{}.NormalizeName(object))
		for _, folder := range above {
			h.below[folder]++
		}
		for id := range folders {
			h.inheritors[id]++
			if h.inheritorsBelow[id] == nil {
				h.inheritorsBelow[id] = map[string]int{}
			}
			for _, folder := range above {
				h.inheritorsBelow[id][folder]++
			}
		}
	}
	return h
}

// foldersAbove returns the folders above an object, the nearest first and without the root.
func foldersAbove(object string) []string {
	var folders []string
	for folder := path.Dir(object); folder != "/" && folder != "."; folder = path.Dir(folder) {
		folders = append(folders, folder)
	}
	return folders
}

// paths returns the path of each folder whose path is certain. known holds the paths of folders that need no lookup. Where several paths
// fit, it calls lookup to get the folder at a path, at most limit times; ok is false if the folder cannot be read.
func (h *inheritance) paths(known map[string]string, limit int, lookup func(folder string) (id string, ok bool)) map[string]string {
	found := map[string]string{}
	candidates := h.candidates()
	resolve := func(id, folder string) {
		found[id] = folder
		delete(candidates, id)
		exclude(candidates, folder)
	}
	for id, folder := range known {
		if h.inheritors[id] > 0 || h.below[folder] > 0 {
			resolve(id, folder)
		}
	}
	tried := map[string]bool{}
	for {
		resolveUnique(candidates, resolve)
		folder := nextLookup(candidates, tried)
		if folder == "" || len(tried) == limit {
			return found
		}
		tried[folder] = true
		if id, ok := lookup(folder); ok {
			resolve(id, folder)
		}
	}
}

// candidates returns the paths that fit each folder.
func (h *inheritance) candidates() map[string][]string {
	candidates := map[string][]string{}
	for id, count := range h.inheritors {
		for folder, inheritors := range h.inheritorsBelow[id] {
			aboveAll, aboveNoOther := inheritors == count, h.below[folder] == inheritors
			if aboveAll && aboveNoOther {
				candidates[id] = append(candidates[id], folder)
			}
		}
	}
	return candidates
}

// resolveUnique resolves the folders that have one candidate. The path of one folder is not a candidate of another.
func resolveUnique(candidates map[string][]string, resolve func(id, folder string)) {
	for again := true; again; {
		again = false
		for _, id := range slices.Sorted(maps.Keys(candidates)) {
			if folders := candidates[id]; len(folders) == 1 {
				resolve(id, folders[0])
				again = true
			}
		}
	}
}

// exclude removes a path from all candidates.
func exclude(candidates map[string][]string, folder string) {
	for id, folders := range candidates {
		candidates[id] = slices.DeleteFunc(folders, func(f string) bool { return f == folder })
	}
}

// nextLookup returns the path to look up next: a candidate of most folders, the innermost of several. It is "" if none is left.
func nextLookup(candidates map[string][]string, tried map[string]bool) string {
	counts := map[string]int{}
	for _, folders := range candidates {
		for _, folder := range folders {
			if !tried[folder] {
				counts[folder]++
			}
		}
	}
	best := ""
	for _, folder := range slices.Sorted(maps.Keys(counts)) {
		if counts[folder] >= counts[best] {
			best = folder
		}
	}
	return best
}
