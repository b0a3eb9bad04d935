package mlflow

import (
	"context"
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// SetTag sets a tag of an experiment, replacing an existing value. Errors: [rest.IsNotFound], [rest.IsInvalid] (also for a deleted
// experiment). API: POST experiments/set-experiment-tag.
func (c *Client) SetTag(ctx context.Context, id string, tag Tag) error {
	defer c.refresher.invalidate(id)
	return c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "set-experiment-tag",
		Body:  map[string]string{"experiment_id": id, "key": tag.Key, "value": tag.Value},
		Group: rest.GroupOther,
	})
}

// RemoveTag removes a tag of an experiment. It succeeds if the tag does not exist. Databricks and MLflow servers before 3.2 cannot delete
// tags: there, it sets an empty value, and cleared is true. API: POST experiments/delete-experiment-tag.
func (c *Client) RemoveTag(ctx context.Context, id, key string) (cleared bool, err error) {
	defer c.refresher.invalidate(id)
	if !c.tagDeletionAbsent.Load() {
		err := c.Do(ctx, rest.Call{
			Method: http.MethodPost, Path: ExperimentsPath + "delete-experiment-tag",
			Body: map[string]string{"experiment_id": id, "key": key}, Group: rest.GroupOther,
		})
		if !rest.IsEndpointAbsent(err) {
			return false, c.confirmTagAbsent(ctx, err, id, key)
		}
		// A 404 of a gateway does not show that the server has no such endpoint.
		c.tagDeletionAbsent.Store(!rest.IsFromProxy(err))
	}
	return true, c.SetTag(ctx, id, Tag{Key: key})
}

// confirmTagAbsent returns nil if the error of removing a tag is that the tag, and not the experiment, does not exist.
func (c *Client) confirmTagAbsent(ctx context.Context, err error, id, key string) error {
	if !rest.IsNotFound(err) {
		return err
	}
	e, getErr := c.GetExperiment(ctx, id)
	if getErr != nil || e.Deleted() {
		return err
	}
	if _, there := e.Tag(key); there {
		return err
	}
	return nil
}
