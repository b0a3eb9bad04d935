package databricks

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// FolderIndex is a cache of the folders of one workspace, for one run. It does not cache errors and other objects, so that it finds a
// folder that is created later. Concurrent lookups of a path share one request. Its zero value is ready to use, and it is safe for
// concurrent use.
type FolderIndex struct {
	flights singleflight.Group

	mu sync.Mutex
	// known has the object at a path, or the folders in the folder at a path.
	known map[folderQuery][]WorkspaceObject
	// paths has the path of each known folder by its object ID.
	paths map[rest.Int64]string
}

// folderQuery identifies the object at a normalized path, or the folders in the folder at the path.
type folderQuery struct {
	path string
	list bool
}

// Lookup returns the object at a path like [WorkspaceStatus], without a request if it is cached. Errors: as for [WorkspaceStatus].
func (x *FolderIndex) Lookup(ctx context.Context, c *mlflow.Client, path string) (WorkspaceObject, error) {
	objects, err := x.load(ctx, c, folderQuery{path: Names{}.NormalizeName(path)})
	if err != nil {
		return WorkspaceObject{}, err
	}
	return objects[0], nil
}

// load returns the cached objects, or else requests them, see [rest.Join].
func (x *FolderIndex) load(ctx context.Context, c *mlflow.Client, q folderQuery) ([]WorkspaceObject, error) {
	if kept := x.current(q); kept != nil {
		return kept, nil
	}
	return rest.Join(ctx, &x.flights, fmt.Sprint(q), func(ctx context.Context) ([]WorkspaceObject, error) {
		if kept := x.current(q); kept != nil {
			return kept, nil
		}
		objects, err := q.send(ctx, c)
		if err == nil {
			x.keep(q, objects)
		}
		return objects, err
	})
}

// current returns the cached objects, nil if there are none.
func (x *FolderIndex) current(q folderQuery) []WorkspaceObject {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.known[q]
}

// send sends the request. Errors: as [WorkspaceStatus], [ListFolder].
func (q folderQuery) send(ctx context.Context, c *mlflow.Client) ([]WorkspaceObject, error) {
	if !q.list {
		o, err := WorkspaceStatus(ctx, c, q.path)
		return []WorkspaceObject{o}, err
	}
	objects, err := ListFolder(ctx, c, q.path)
	return slices.DeleteFunc(objects, func(o WorkspaceObject) bool { return !o.IsFolder() || Names{}.NormalizeName(o.Path) == q.path }), err
}

// keep records the folders of a response.
func (x *FolderIndex) keep(q folderQuery, objects []WorkspaceObject) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !q.list && !objects[0].IsFolder() {
		return
	}
	if x.known == nil {
		x.known, x.paths = map[folderQuery][]WorkspaceObject{}, map[rest.Int64]string{}
	}
	x.known[q] = append([]WorkspaceObject{}, objects...) // not nil, also for an empty folder
	for _, o := range objects {
		at := q.path
		if q.list {
			at = Names{}.NormalizeName(o.Path)
			x.known[folderQuery{path: at}] = []WorkspaceObject{o}
		}
		x.paths[o.ID] = at
	}
}

// knownFolders returns the path of each known folder by its name in access control lists.
func (x *FolderIndex) knownFolders() map[string]string {
	x.mu.Lock()
	defer x.mu.Unlock()
	folders := make(map[string]string, len(x.paths))
	for id, at := range x.paths {
		folders[WorkspaceObject{ID: id}.Object()] = at
	}
	return folders
}
