package mlflow

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// WorkspaceObject is what lies at a path of a Databricks workspace.
type WorkspaceObject struct {
	ID Int64 `json:"object_id"`
	// Type is such as DIRECTORY, NOTEBOOK, REPO or MLFLOW_EXPERIMENT.
	Type string `json:"object_type"`
	Path string `json:"path"`
}

// usable implements [answer].
func (o *WorkspaceObject) usable(bool) error {
	if o.ID == 0 || o.Path == "" {
		return errors.New("it contains no workspace object")
	}
	return nil
}

// WorkspaceStatus tells what lies at a path of a Databricks workspace. Errors: [IsNotFound].
// API: GET workspace/get-status.
func (c *Client) WorkspaceStatus(ctx context.Context, path string) (WorkspaceObject, error) {
	var out WorkspaceObject
	err := c.do(ctx, call{
		method: http.MethodGet, path: "/api/2.0/workspace/get-status", query: url.Values{"path": {path}}, out: &out, group: GroupOther,
	})
	return out, err
}
