package emulator

import (
	"path"
	"strconv"
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

// rootID is the object id of the root folder.
const rootID = "0"

// node is an object in the workspace tree.
type node struct {
	id     string
	path   string
	kind   string
	grants map[Principal]string // direct ones only, by the directory's spelling
	// trashedFrom is the path that the object had before it went to Trash, empty otherwise. Access is still inherited from
	// there, so that whoever could delete an object can restore it.
	trashedFrom string
	experiment  *experiment // nil for folders
}

// normalise gives a path the form in which the workspace keeps it: without /Workspace, doubled and trailing slashes.
func normalise(p string) string {
	if rest, ok := strings.CutPrefix(p, "/Workspace/"); ok {
		p = "/" + rest
	}
	return path.Clean(p)
}

func (w *Workspace) addNode(id, p, kind string) *node {
	n := &node{id: id, path: p, kind: kind, grants: map[Principal]string{}}
	w.nodes[p] = n
	w.objects[id] = n
	return n
}

// move puts a node, with no children, at another path.
func (w *Workspace) move(n *node, to string) {
	delete(w.nodes, n.path)
	n.path = to
	w.nodes[to] = n
}

func (w *Workspace) addTopFolders() {
	root := w.addNode(rootID, "/", nodeDirectory)
	root.grants[GroupPrincipal(directory.AdminsGroup)] = canManage
	w.addNode(w.newID(), "/Users", nodeDirectory)
	w.addNode(w.newID(), "/Repos", nodeDirectory)
	shared := w.addNode(w.newID(), "/Shared", nodeDirectory)
	shared.grants[GroupPrincipal(directory.UsersGroup)] = canManage
}

func (w *Workspace) addHome(a *directory.Account) {
	if w.nodes[homeOf(a)] != nil {
		return
	}
	home := w.addNode(w.newID(), homeOf(a), nodeDirectory)
	home.grants[a.Principal] = canManage
	w.addNode(w.newID(), homeOf(a)+"/Trash", nodeDirectory)
}

func (n *node) isFolder() bool { return n.kind == nodeDirectory || n.kind == nodeRepo }

// makeFolders makes the folder at p and the missing ones above it. It returns the topmost folder that it made, nil for none.
func (w *Workspace) makeFolders(p string) (*node, error) {
	if n := w.nodes[p]; n != nil {
		if !n.isFolder() {
			return nil, wire.Taken("Path (%s) already exists and is not a directory.", p)
		}
		return nil, nil
	}
	topmost, err := w.makeFolders(path.Dir(p))
	if err != nil {
		return nil, err
	}
	made := w.addNode(w.newID(), p, nodeDirectory)
	if topmost == nil {
		topmost = made
	}
	return topmost, nil
}

// inGitFolder reports whether p is below /Repos or below a Git folder elsewhere.
func (w *Workspace) inGitFolder(p string) bool {
	for p != "/" {
		p = path.Dir(p)
		if n := w.nodes[p]; p == "/Repos" || n != nil && n.kind == nodeRepo {
			return true
		}
	}
	return false
}

// foldersAbove lists the folders that n inherits from, nearest first.
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

// getStatus serves workspace/get-status.
func (w *Workspace) getStatus(c *wire.Call) (any, error) {
	p := c.URL.Query().Get("path")
	if !strings.HasPrefix(p, "/") {
		return nil, wire.Invalid("Path (%s) doesn't start with '/'", p)
	}
	n := w.nodes[normalise(p)]
	if n == nil {
		return nil, wire.Missing("Path (%s) doesn't exist.", p)
	}
	// Everybody sees the root and the top folders, whatever is in them.
	if top := n.path == "/" || path.Dir(n.path) == "/"; !top {
		if err := w.require(c.Caller, n, canRead); err != nil {
			return nil, err
		}
	}
	objectID, err := strconv.ParseInt(n.id, 10, 64)
	if err != nil {
		objectID = 0 // a notebook in a Git folder: its id is no number
	}
	return struct {
		ObjectType string `json:"object_type"`
		Path       string `json:"path"`
		ObjectID   int64  `json:"object_id"`
		ResourceID string `json:"resource_id"`
	}{n.kind, n.path, objectID, n.id}, nil
}

// mkdirs serves workspace/mkdirs.
func (w *Workspace) mkdirs(c *wire.Call) (any, error) {
	var in struct {
		Path string `json:"path"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(in.Path, "/") {
		return nil, wire.Invalid("Path (%s) doesn't start with '/'", in.Path)
	}
	p := normalise(in.Path)
	existing := p
	for w.nodes[existing] == nil {
		existing = path.Dir(existing)
	}
	if existing != p && w.nodes[existing].isFolder() {
		if err := w.require(c.Caller, w.nodes[existing], canEdit); err != nil {
			return nil, err
		}
	}
	made, err := w.makeFolders(p)
	if err != nil {
		return nil, err
	}
	if made != nil {
		w.grantCreator(c.Caller, made)
	}
	return wire.Empty{}, nil
}
