package databricks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// WorkspaceObject is an object at a path of a Databricks workspace.
type WorkspaceObject struct {
	ID rest.Int64 `json:"object_id"`
	// Type is the type of the object, for example DIRECTORY, NOTEBOOK, REPO, or MLFLOW_EXPERIMENT.
	Type string `json:"object_type"`
	Path string `json:"path"`
	// Created is the creation time in milliseconds since 1970, 0 if the server does not return it.
	Created rest.Int64 `json:"created_at"`
	// Directory is set for folders.
	Directory DirectoryInfo `json:"directory_info"`
}

// DirectoryInfo describes a folder.
type DirectoryInfo struct {
	// IsGitFolder is set for Git folders with access for the Git CLI, whose type is DIRECTORY. The type of the others is REPO.
	IsGitFolder bool `json:"is_git_folder"`
}

// Types of workspace objects.
const (
	typeFolder    = "DIRECTORY"
	typeGitFolder = "REPO"
)

// IsGitFolder reports whether the object is a Git folder.
func (o WorkspaceObject) IsGitFolder() bool {
	return o.Type == typeGitFolder || o.Directory.IsGitFolder
}

// IsFolder reports whether the object is a folder. A Git folder is one, too.
func (o WorkspaceObject) IsFolder() bool { return o.Type == typeFolder || o.IsGitFolder() }

// Object returns the name in access control lists of a folder from which grants are inherited, for example "/directories/123".
func (o WorkspaceObject) Object() string { return RootObject + o.ObjectID() }

// ObjectID returns the ID as text, for example "123".
func (o WorkspaceObject) ObjectID() string { return strconv.FormatInt(int64(o.ID), 10) }

// RootObject is the name of the root folder in access control lists.
const RootObject = "/directories/"

// Validate implements [rest.Response].
func (o *WorkspaceObject) Validate(bool) error {
	if o.ID == 0 || o.Path == "" {
		return errors.New("it contains no workspace object")
	}
	return nil
}

// folderList lists the objects in a folder.
type folderList struct {
	Objects []WorkspaceObject `json:"objects"`

	path string
}

// Validate implements [rest.Response]. The list of an empty folder is {}, and each object must be in the folder.
func (l *folderList) Validate(empty bool) error {
	if l.Objects == nil && !empty {
		return errors.New("it contains no workspace objects")
	}
	for _, o := range l.Objects {
		if err := o.Validate(false); err != nil {
			return err
		}
		at := Names{}.NormalizeName(o.Path)
		if !strings.EqualFold(at, l.path) && !strings.EqualFold(path.Dir(at), l.path) {
			return fmt.Errorf("it contains %q, which is not in folder %q", o.Path, l.path)
		}
	}
	return nil
}

// ListFolder returns the objects in a folder, without those in its folders: none for an empty folder. For the path of another object, it
// returns that object. Errors: [rest.IsNotFound], [rest.IsPermissionDenied]. API: GET workspace/list.
func ListFolder(ctx context.Context, c *mlflow.Client, path string) ([]WorkspaceObject, error) {
	out := folderList{path: Names{}.NormalizeName(path)}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/2.0/workspace/list", Query: url.Values{"path": {path}}, Out: &out, Group: rest.GroupOther,
	})
	return out.Objects, err
}

// WorkspaceStatus returns the object at a path of a Databricks workspace. Errors: [rest.IsNotFound]. API: GET workspace/get-status.
func WorkspaceStatus(ctx context.Context, c *mlflow.Client, path string) (WorkspaceObject, error) {
	var out WorkspaceObject
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/2.0/workspace/get-status", Query: url.Values{"path": {path}}, Out: &out, Group: rest.GroupOther,
	})
	return out, err
}

// CreateParents implements [mlflow.Backend]. Errors: [rest.IsAlreadyExists] if part of the path is not a folder.
func (Backend) CreateParents(ctx context.Context, c *mlflow.Client, name string) error {
	parent := path.Dir(name)
	if parent == "/" {
		return nil
	}
	return makeFolder(ctx, c, parent)
}
