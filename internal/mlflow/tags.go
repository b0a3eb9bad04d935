package mlflow

import (
	"context"
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// SetTag sets one tag; an existing value is replaced. Errors: [rest.IsNotFound], [rest.IsInvalid] (also for a deleted experiment).
// API: POST experiments/set-experiment-tag.
func (c *Client) SetTag(ctx context.Context, id string, tag Tag) error {
	defer c.refresher.invalidate(id)
	return c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "set-experiment-tag",
		Body:  map[string]string{"experiment_id": id, "key": tag.Key, "value": tag.Value},
		Group: rest.GroupOther,
	})
}

// RemoveTag removes one tag; a tag that is not there is a success. Databricks and MLflow before 3.2 have no call for it:
// there the value is blanked, and blanked is true. API: POST experiments/delete-experiment-tag.
func (c *Client) RemoveTag(ctx context.Context, id, key string) (blanked bool, err error) {
	defer c.refresher.invalidate(id)
	if !c.tagDeletionAbsent.Load() {
		err := c.Do(ctx, rest.Call{
			Method: http.MethodPost, Path: ExperimentsPath + "delete-experiment-tag",
			Body: map[string]string{"experiment_id": id, "key": key}, Group: rest.GroupOther,
		})
		if !rest.IsEndpointAbsent(err) {
			return false, c.confirmTagAbsent(ctx, err, id, key)
		}
		// A gateway's own 404 says nothing about the next call.
		c.tagDeletionAbsent.Store(!rest.IsFromProxy(err))
	}
	return true, c.SetTag(ctx, id, Tag{Key: key})
}

// confirmTagAbsent judges the answer to a tag's removal: "not found" is about the tag or about the experiment.
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
