package emulator

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// The kinds of objects in the workspace tree, as get-status names them.
const (
	nodeDirectory  = "DIRECTORY"
	nodeRepo       = "REPO"
	nodeNotebook   = "NOTEBOOK"
	nodeExperiment = "MLFLOW_EXPERIMENT"
)

// rootID is the object ID of the root folder.
const rootID = "0"

// The folders that every workspace has.
const (
	rootPath   = "/"
	usersPath  = "/Users"
	reposPath  = "/Repos"
	sharedPath = "/Shared"
)

// node is an object in the workspace tree.
type node struct {
	id      string
	path    string
	kind    string
	created int64                // when a folder was created, in milliseconds since 1970
	owner   *directory.Account   // the creator, or the user of a home folder; nil for the other folders of a new workspace
	grants  map[Principal]string // only direct ones, by the principal as the directory spells it
	// gitCLI is Git CLI access to a Git folder: get-status and list return it as a directory.
	gitCLI bool
	// trashedFrom is the path of the object before it was moved to Trash, empty otherwise. Access is still inherited from there, so that a
	// user who could delete an object can restore it.
	trashedFrom string
	experiment  *experiment // nil for folders
}

// normalize returns a path as the workspace stores it: without /Workspace and without duplicate and trailing slashes.
func normalize(p string) string {
	if rest, ok := strings.CutPrefix(p, "/Workspace/"); ok {
		p = "/" + rest
	}
	return path.Clean(p)
}

func (w *Workspace) addNode(id, p, kind string) *node {
	n := &node{id: id, path: p, kind: kind, created: w.millis(), grants: map[Principal]string{}}
	w.nodes[p] = n
	w.objects[id] = n
	return n
}

// move moves a node to another path, without the nodes below it.
func (w *Workspace) move(n *node, to string) {
	delete(w.nodes, n.path)
	n.path = to
	w.nodes[to] = n
}

func (w *Workspace) addTopFolders() {
	root := w.addNode(rootID, rootPath, nodeDirectory)
	root.grants[GroupPrincipal(directory.AdminsGroup)] = canManage
	w.addNode(w.newID(), usersPath, nodeDirectory)
	w.addNode(w.newID(), reposPath, nodeDirectory)
	shared := w.addNode(w.newID(), sharedPath, nodeDirectory)
	shared.grants[GroupPrincipal(directory.UsersGroup)] = canManage
}

func (w *Workspace) addHome(a *directory.Account) {
	if w.nodes[homeOf(a)] != nil {
		return
	}
	home := w.addNode(w.newID(), homeOf(a), nodeDirectory)
	home.owner = a
	home.grants[a.Principal] = canManage
	w.addNode(w.newID(), trashOf(a), nodeDirectory).owner = a
}

func (n *node) isFolder() bool { return n.kind == nodeDirectory || n.kind == nodeRepo }

// isTop reports whether n is the root folder or one of the folders that every workspace has directly below it.
func (n *node) isTop() bool {
	return slices.Contains([]string{rootPath, usersPath, reposPath, sharedPath}, n.path)
}

// objectType is the kind of n as responses have it.
func (n *node) objectType() string {
	if n.gitCLI {
		return nodeDirectory
	}
	return n.kind
}

// createFolders creates the folder at p and its missing parent folders for an owner, which can be nil. It returns the topmost created
// folder, nil if there is none.
func (w *Workspace) createFolders(p string, owner *directory.Account) (*node, error) {
	if n := w.nodes[p]; n != nil {
		if !n.isFolder() {
			return nil, wire.AlreadyExists("Path (%s) already exists and is not a directory.", p)
		}
		return nil, nil
	}
	topmost, err := w.createFolders(path.Dir(p), owner)
	if err != nil {
		return nil, err
	}
	created := w.addNode(w.newID(), p, nodeDirectory)
	created.owner = owner
	if topmost == nil {
		topmost = created
	}
	return topmost, nil
}

// inGitFolder reports whether p is below /Repos or below a Git folder elsewhere.
func (w *Workspace) inGitFolder(p string) bool {
	for p != "/" {
		p = path.Dir(p)
		if n := w.nodes[p]; p == reposPath || n != nil && n.kind == nodeRepo {
			return true
		}
	}
	return false
}

// below returns all nodes below a folder, by path.
func (w *Workspace) below(folder *node) []*node {
	var found []*node
	for p, n := range w.nodes {
		if p != rootPath && isBelow(p, folder.path) {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, func(a, b *node) int { return cmp.Compare(a.path, b.path) })
	return found
}

// isBelow reports whether p is below the folder, at any depth.
func isBelow(p, folder string) bool {
	return strings.HasPrefix(p, strings.TrimSuffix(folder, "/")+"/")
}

// foldersAbove returns the folders from which n inherits, nearest first.
func (w *Workspace) foldersAbove(n *node) []*node {
	p := n.path
	if n.trashedFrom != "" {
		p = n.trashedFrom
	}
	var above []*node
	for p != "/" {
		p = path.Dir(p)
		if folder := w.nodes[p]; folder != nil {
			above = append(above, folder)
		}
	}
	return above
}
