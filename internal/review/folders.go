package review

import (
	"maps"
	"path"
	"slices"
	"sync"
)

// MaxFolderLookups is the maximum number of folders that [FolderTracker.Paths] looks up.
const MaxFolderLookups = 5

// FolderTracker infers the paths of the folders that grants are inherited from, which the server identifies by ID only. An experiment
// inherits the grants of every folder above it. So the path of a folder is one that is above all experiments that inherit from the folder,
// and above no other. Mostly a single path fits, and no lookup is needed.
type FolderTracker struct {
	mu sync.Mutex
	// below counts the experiments below each path.
	below map[string]int
	// inheritors counts the experiments that inherit from each folder ID, and inheritorsBelow those of them below each path.
	inheritors      map[string]int
	inheritorsBelow map[string]map[string]int
}

// NewFolderTracker returns a tracker without experiments.
func NewFolderTracker() *FolderTracker {
	return &FolderTracker{below: map[string]int{}, inheritors: map[string]int{}, inheritorsBelow: map[string]map[string]int{}}
}

// Add adds an experiment with the IDs of the folders that it inherits from, without the root. It can be called concurrently.
func (t *FolderTracker) Add(experiment string, folderIDs map[string]bool) {
	paths := parentFolders(experiment)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, folder := range paths {
		t.below[folder]++
	}
	for id := range folderIDs {
		t.inheritors[id]++
		if t.inheritorsBelow[id] == nil {
			t.inheritorsBelow[id] = map[string]int{}
		}
		for _, folder := range paths {
			t.inheritorsBelow[id][folder]++
		}
	}
}

// parentFolders returns the folders above an experiment, the nearest first and without the root.
func parentFolders(experiment string) []string {
	var folders []string
	for folder := path.Dir(experiment); folder != "/" && folder != "."; folder = path.Dir(folder) {
		folders = append(folders, folder)
	}
	return folders
}

// Paths returns the path of each folder ID whose path is certain. Where several paths fit, it calls lookup to get the ID of the folder at a
// path, at most [MaxFolderLookups] times; ok is false if the folder cannot be read.
func (t *FolderTracker) Paths(lookup func(folder string) (id string, ok bool)) map[string]string {
	known := map[string]string{}
	candidates := t.candidates()
	tried := map[string]bool{}
	for {
		resolveUnique(candidates, known)
		folder := nextLookup(candidates, tried)
		if folder == "" || len(tried) == MaxFolderLookups {
			return known
		}
		tried[folder] = true
		if id, ok := lookup(folder); ok {
			known[id] = folder
			delete(candidates, id)
			exclude(candidates, folder)
		}
	}
}

// candidates returns the paths that fit each folder ID.
func (t *FolderTracker) candidates() map[string][]string {
	candidates := map[string][]string{}
	for id, count := range t.inheritors {
		for folder, inheritors := range t.inheritorsBelow[id] {
			aboveAll, aboveNoOther := inheritors == count, t.below[folder] == inheritors
			if aboveAll && aboveNoOther {
				candidates[id] = append(candidates[id], folder)
			}
		}
	}
	return candidates
}

// resolveUnique moves the folder IDs that have one candidate to known. The path of one folder is no candidate of another.
func resolveUnique(candidates map[string][]string, known map[string]string) {
	for again := true; again; {
		again = false
		for _, id := range slices.Sorted(maps.Keys(candidates)) {
			if folders := candidates[id]; len(folders) == 1 {
				known[id] = folders[0]
				delete(candidates, id)
				exclude(candidates, folders[0])
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

// nextLookup returns the path to look up next: a candidate of most folder IDs, the innermost of several. It is "" if none is left.
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
