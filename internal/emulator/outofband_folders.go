package emulator

import (
	"fmt"
)

// The methods in this file change and read folders out of band; see outofband.go.

func (w *Workspace) mustCreateFolders(p string) {
	if _, err := w.createFolders(normalize(p), nil); err != nil {
		panic(fmt.Sprintf("emulator: create folder %s: %v", p, err))
	}
}

func (w *Workspace) mustFolder(p string) *node {
	if n := w.nodes[normalize(p)]; n != nil && n.isFolder() {
		return n
	}
	panic("emulator: no folder " + p)
}

// mustRemovableFolder finds a folder that can be moved and deleted.
func (w *Workspace) mustRemovableFolder(p string) *node {
	n := w.mustFolder(p)
	if n.isPermanent() {
		panic("emulator: folder cannot be moved or deleted: " + p)
	}
	return n
}

// GrantFolder grants a principal a level on a folder, directly. It creates the folder and the ones above it if needed.
func (w *Workspace) GrantFolder(folder string, p Principal, level string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustCreateFolders(folder)
	w.nodes[normalize(folder)].grants[w.mustAccount(p).Principal] = level
}

// RevokeFolder revokes the direct grant of a principal on a folder, if there is one.
func (w *Workspace) RevokeFolder(folder string, p Principal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.mustFolder(folder).grants, w.mustAccount(p).Principal)
}

// FolderGrants lists the direct grants on a folder, by kind and name.
func (w *Workspace) FolderGrants(folder string) []Grant {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mustFolder(folder).directGrants()
}

// FolderID returns the object ID of a folder, which is 0 for the root.
func (w *Workspace) FolderID(folder string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mustFolder(folder).id
}

// Mkdirs creates a folder and the ones above it, without an owner.
func (w *Workspace) Mkdirs(folder string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustCreateFolders(folder)
}

// HasFolder reports whether the path is a folder.
func (w *Workspace) HasFolder(folder string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.nodes[normalize(folder)]
	return n != nil && n.isFolder()
}

// MoveFolder moves or renames a folder with everything in it, and creates the folders above its new path. All IDs stay.
func (w *Workspace) MoveFolder(from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	folder := w.mustRemovableFolder(from)
	if isBelow(normalize(to), folder.path) {
		panic("emulator: move a folder into itself: " + to)
	}
	w.moveFolder(folder, w.mustFreePath(to))
}

// DeleteFolder deletes a folder with all folders in it, as the API does with recursive. The experiments move to their owners' Trash.
func (w *Workspace) DeleteFolder(folder string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removeFolder(w.mustRemovableFolder(folder))
}

// AddGitFolder creates a Git folder and the folders above it. With cliAccess, the folder has Git CLI access: get-status and list return it
// with the type DIRECTORY and is_git_folder true.
func (w *Workspace) AddGitFolder(folder string, cliAccess bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addNode(w.newID(), w.mustFreePath(folder), nodeRepo).gitCLI = cliAccess
}
