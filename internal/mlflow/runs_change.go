package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// MaxRunsInBulk is the maximum number of runs that one bulk call can delete or restore.
const MaxRunsInBulk = 10_000

// bulkRunsPath is the beginning of the paths of bulk endpoints, which only Databricks has.
const bulkRunsPath = "/api/2.0/mlflow/databricks/runs/"

// BulkRuns reports whether the server can delete and restore many runs in one call: [Client.DeleteRunsInBulk], [Client.RestoreRunsInBulk].
func (c *Client) BulkRuns() bool { return c.backend.BulkRuns() }

// DeleteRun soft-deletes a run. It succeeds if the run is already deleted. Errors: [rest.IsNotFound]. API: POST runs/delete.
func (c *Client) DeleteRun(ctx context.Context, id string) error {
	return c.setRunDeleted(ctx, "delete", id, true)
}

// RestoreRun restores a soft-deleted run. It succeeds if the run is already active. It does not restore a deleted experiment of the run.
// Errors: [rest.IsNotFound] if the run was never created or is purged. API: POST runs/restore.
func (c *Client) RestoreRun(ctx context.Context, id string) error {
	return c.setRunDeleted(ctx, "restore", id, false)
}

func (c *Client) setRunDeleted(ctx context.Context, call, id string, deleted bool) error {
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: runsPath + call, Body: map[string]string{"run_id": id}, Group: rest.GroupOther,
	})
	refused := func(err error) bool { return rest.IsNotFound(err) || rest.IsInvalid(err) }
	return rest.Confirm(ctx, err, refused, func(ctx context.Context) bool {
		r, err := c.GetRun(ctx, id)
		return err == nil && r.Deleted == deleted
	})
}

// SetRunTag sets a tag of a run, replacing an existing value. The tag mlflow.runName renames the run. Errors: [rest.IsNotFound],
// [rest.IsInvalid] (also for a deleted run). API: POST runs/set-tag.
func (c *Client) SetRunTag(ctx context.Context, id string, tag Tag) error {
	return c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: runsPath + "set-tag",
		Body: map[string]string{"run_id": id, "key": tag.Key, "value": tag.Value}, Group: rest.GroupOther,
	})
}

// DeleteRunTag removes a tag of a run. It succeeds if the tag does not exist. Errors: [rest.IsNotFound] for the run, [rest.IsInvalid] for a
// deleted run. API: POST runs/delete-tag.
func (c *Client) DeleteRunTag(ctx context.Context, id, key string) error {
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: runsPath + "delete-tag", Body: map[string]string{"run_id": id, "key": key}, Group: rest.GroupOther,
	})
	if !rest.IsNotFound(err) {
		return err
	}
	r, getErr := c.GetRun(ctx, id)
	if getErr != nil || r.Deleted {
		return err
	}
	if _, there := r.Tags[key]; there {
		return err
	}
	return nil
}

// bulkResponse has the number of runs that a bulk call changed. In {}, it is 0.
type bulkResponse struct {
	Deleted  *rest.Int64 `json:"runs_deleted"`
	Restored *rest.Int64 `json:"runs_restored"`

	// field is the field of the response that has the number, and most its maximum.
	field string
	most  int
}

// Validate implements [rest.Response].
func (a *bulkResponse) Validate(empty bool) error {
	n := a.number()
	switch {
	case empty:
		return nil
	case n == nil:
		return fmt.Errorf("it contains no %s", a.field)
	case *n < 0 || int64(*n) > int64(a.most):
		return fmt.Errorf("%s is %d, although the request allows at most %d runs", a.field, *n, a.most)
	}
	return nil
}

func (a *bulkResponse) number() *rest.Int64 {
	if a.field == "runs_deleted" {
		return a.Deleted
	}
	return a.Restored
}

// DeleteRunsInBulk soft-deletes active runs of an experiment that were created at or before createdUntil, in milliseconds since 1970, at
// most limit of them (1 to [MaxRunsInBulk]). It returns their number; if that is less than limit, no more runs match. Only servers with
// [Client.BulkRuns] have the endpoint. The call is retried only if the server rejected it before any effect, because a second one would
// delete more runs: after an error for which [rest.IsUncertain] is true, up to limit runs can be deleted. API: POST
// databricks/runs/delete-runs.
func (c *Client) DeleteRunsInBulk(ctx context.Context, experimentID string, createdUntil int64, limit int) (int, error) {
	return c.changeRunsInBulk(ctx, "delete-runs", "runs_deleted", limit,
		map[string]any{"experiment_id": experimentID, "max_timestamp_millis": createdUntil, "max_runs": limit})
}

// RestoreRunsInBulk restores runs of an experiment that were deleted at or after a time in milliseconds since 1970, at most limit of them
// (1 to [MaxRunsInBulk]), and returns their number. The limit and errors are as for [Client.DeleteRunsInBulk]. API: POST
// databricks/runs/restore-runs.
func (c *Client) RestoreRunsInBulk(ctx context.Context, experimentID string, deletedFrom int64, limit int) (int, error) {
	return c.changeRunsInBulk(ctx, "restore-runs", "runs_restored", limit,
		map[string]any{"experiment_id": experimentID, "min_timestamp_millis": deletedFrom, "max_runs": limit})
}

// changeRunsInBulk sends a bulk call, and returns the number in a field of the response.
func (c *Client) changeRunsInBulk(ctx context.Context, call, field string, limit int, body map[string]any) (int, error) {
	if limit < 1 || limit > MaxRunsInBulk {
		return 0, errors.New("a bulk request changes 1 to 10,000 runs")
	}
	out := bulkResponse{field: field, most: limit}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: bulkRunsPath + call, Body: body, Out: &out, Group: rest.GroupOther, NotIdempotent: true,
	})
	if n := out.number(); err == nil && n != nil {
		return int(*n), nil
	}
	return 0, err
}
