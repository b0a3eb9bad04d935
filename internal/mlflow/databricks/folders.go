package databricks

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// typeFolder is the type of a folder among the objects of a workspace.
const typeFolder = "DIRECTORY"

// WorkspaceObject is what lies at a path of a Databricks workspace.
type WorkspaceObject struct {
	ID rest.Int64 `json:"object_id"`
	// Type is such as DIRECTORY, NOTEBOOK, REPO or MLFLOW_EXPERIMENT.
	Type    string     `json:"object_type"`
	Path    string     `json:"path"`
	Created rest.Int64 `json:"created_at"`
}

// Usable implements [rest.Answer].
func (o *WorkspaceObject) Usable(bool) error {
	if o.ID == 0 || o.Path == "" {
		return errors.New("it contains no workspace object")
	}
	return nil
}

// WorkspaceStatus tells what lies at a path of a Databricks workspace. Errors: [rest.IsNotFound].
// API: GET workspace/get-status.
func WorkspaceStatus(ctx context.Context, c *mlflow.Client, path string) (WorkspaceObject, error) {
	var out WorkspaceObject
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/2.0/workspace/get-status", Query: url.Values{"path": {path}}, Out: &out, Group: rest.GroupOther,
	})
	return out, err
}

// CreateParents implements [mlflow.Backend].
// Errors: [rest.IsAlreadyExists] when something that is no folder is in the way.
func (Backend) CreateParents(ctx context.Context, c *mlflow.Client, name string) error {
	parent := path.Dir(name)
	if parent == "/" {
		return nil
	}
	return makeFolder(ctx, c, parent)
}
