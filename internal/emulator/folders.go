package emulator

import (
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// objectInfo is an object of the workspace tree on the wire. The ID of the root is 0. The times are JSON numbers.
type objectInfo struct {
	ObjectType    string         `json:"object_type"`
	Path          string         `json:"path"`
	ObjectID      int64          `json:"object_id"`
	ResourceID    string         `json:"resource_id"`
	CreatedAt     int64          `json:"created_at,omitempty"`
	ModifiedAt    int64          `json:"modified_at,omitempty"`
	DirectoryInfo *directoryInfo `json:"directory_info,omitempty"` // only with the type DIRECTORY
}

type directoryInfo struct {
	IsGitFolder bool `json:"is_git_folder"`
}

func (w *Workspace) info(n *node) objectInfo {
	objectID, err := strconv.ParseInt(n.id, 10, 64)
	if err != nil {
		objectID = 0 // the ID of a notebook in a Git folder is not a number
	}
	info := objectInfo{ObjectType: n.objectType(), Path: n.path, ObjectID: objectID, ResourceID: n.id}
	if info.ObjectType == nodeDirectory {
		info.DirectoryInfo = &directoryInfo{IsGitFolder: n.gitCLI}
	}
	switch {
	case n.experiment != nil:
		info.CreatedAt, info.ModifiedAt = n.experiment.created, n.experiment.updated
	case !w.options.OmitFolderTimes:
		info.CreatedAt, info.ModifiedAt = n.created, n.created
	}
	return info
}

// namedObject finds the object at the path in a request.
func (w *Workspace) namedObject(p string) (*node, error) {
	if err := checkAbsolute(p); err != nil {
		return nil, err
	}
	if n := w.nodes[normalize(p)]; n != nil {
		return n, nil
	}
	return nil, wire.NotFound("Path (%s) doesn't exist.", p)
}

func checkAbsolute(p string) error {
	if strings.HasPrefix(p, "/") {
		return nil
	}
	return wire.InvalidParameter("Path (%s) doesn't start with '/'", p)
}

// visibleObject finds the object in the query. The caller must have CAN_READ. The root and the folders directly below it
// are visible to all callers.
func (w *Workspace) visibleObject(c *wire.Call) (*node, error) {
	n, err := w.namedObject(c.URL.Query().Get("path"))
	if err != nil {
		return nil, err
	}
	if n.path == rootPath || path.Dir(n.path) == rootPath {
		return n, nil
	}
	return n, w.require(c.Caller, n, canRead)
}

// getStatus serves workspace/get-status.
func (w *Workspace) getStatus(c *wire.Call) (any, error) {
	n, err := w.visibleObject(c)
	if err != nil {
		return nil, err
	}
	return w.info(n), nil
}

// listFolder serves workspace/list: the objects directly in a folder, on one page, or the object itself if it is not a folder. A caller
// that can list a folder gets all objects in it, including those for which get-status and list return 403.
func (w *Workspace) listFolder(c *wire.Call) (any, error) {
	n, err := w.visibleObject(c)
	if err != nil {
		return nil, err
	}
	var out struct {
		Objects []objectInfo `json:"objects,omitempty"`
	}
	if !n.isFolder() {
		out.Objects = []objectInfo{w.info(n)}
		return out, nil
	}
	for _, inside := range w.below(n) {
		if path.Dir(inside.path) == n.path {
			out.Objects = append(out.Objects, w.info(inside))
		}
	}
	return out, nil
}

// mkdirs serves workspace/mkdirs.
func (w *Workspace) mkdirs(c *wire.Call) (any, error) {
	var in struct {
		Path string `json:"path"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if err := checkAbsolute(in.Path); err != nil {
		return nil, err
	}
	p := normalize(in.Path)
	existing := p
	for w.nodes[existing] == nil {
		existing = path.Dir(existing)
	}
	if existing != p && w.nodes[existing].isFolder() {
		if err := w.require(c.Caller, w.nodes[existing], w.levelToEnter()); err != nil {
			return nil, err
		}
	}
	made, err := w.createFolders(p, c.Caller)
	if err != nil {
		return nil, err
	}
	if made != nil {
		w.grantCreator(c.Caller, made)
	}
	return wire.Empty{}, nil
}

// deleteObject serves workspace/delete, which requires CAN_MANAGE on the object. Experiments move to Trash, also those in a folder;
// folders cannot be restored.
func (w *Workspace) deleteObject(c *wire.Call) (any, error) {
	var in struct {
		Path      string `json:"path"`
		Recursive bool   `json:"recursive"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	n, err := w.namedObject(in.Path)
	if err != nil {
		return nil, err
	}
	if err := w.require(c.Caller, n, canManage); err != nil {
		return nil, err
	}
	switch {
	case n.isPermanent():
		return nil, wire.InvalidParameter("Cannot delete the folder %s.", n.path)
	case n.trashedFrom != "":
		return nil, wire.InvalidParameter("Cannot delete node '%s' because it is in trash folder", n.path)
	case n.experiment != nil:
		w.trash(n.experiment)
		return wire.Empty{}, nil
	case !in.Recursive && len(w.below(n)) > 0:
		return nil, wire.Errorf(http.StatusBadRequest, "DIRECTORY_NOT_EMPTY", "Folder (%s) is not empty", n.path)
	}
	w.removeFolder(n)
	return wire.Empty{}, nil
}

// isPermanent reports whether n is a folder that every workspace has, a home folder, or the Trash in one.
func (n *node) isPermanent() bool {
	return n.isTop() || n.owner != nil && slices.Contains([]string{homeOf(n.owner), trashOf(n.owner)}, n.path)
}

// removeFolder removes a folder with all folders below it, and moves the experiments in them to Trash.
func (w *Workspace) removeFolder(folder *node) {
	for _, n := range append(w.below(folder), folder) {
		switch {
		case n.experiment == nil:
			delete(w.nodes, n.path)
			delete(w.objects, n.id)
		case !n.experiment.deleted():
			w.trash(n.experiment)
		}
	}
}

// moveFolder moves a folder with everything below it. IDs do not change. Experiments deleted from it are restored to its new path.
func (w *Workspace) moveFolder(folder *node, to string) {
	from := folder.path
	for _, n := range append(w.below(folder), folder) {
		w.move(n, to+strings.TrimPrefix(n.path, from))
		if n.experiment != nil {
			replaceTag(n.experiment.systemTags, tagSourceName, n.path)
		}
	}
	for _, e := range w.byAge {
		if isBelow(e.trashedFrom, from) {
			e.trashedFrom = to + strings.TrimPrefix(e.trashedFrom, from)
		}
	}
}
