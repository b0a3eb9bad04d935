package run

import (
	"context"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// restoreInBulk restores the runs that were deleted at a time or later, in each experiment until the server has no more or max_runs are restored.
func (c *change) restoreInBulk(ctx context.Context, m *restoreRunsModel) {
	after, _ := time.Parse(time.RFC3339, m.DeletedAfter.ValueString())
	for _, id := range m.ExperimentIDs {
		for c.count < c.total && !c.isEnded(ctx) {
			asked := min(c.total-c.count, mlflow.MaxRunsInBulk)
			n, err := c.client.RestoreRunsInBulk(ctx, id, after.UnixMilli(), asked)
			if c.noteBulk(ctx, id, n, err); err != nil || n < asked {
				break
			}
		}
	}
}

// noteBulk notes what came of a bulk call.
func (c *change) noteBulk(ctx context.Context, experimentID string, n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.count += n
		c.report(ctx, c.count)
	case ctx.Err() != nil:
		c.unsure = true
	case rest.IsPermissionDenied(err):
		c.denied[experimentID] = err
	default:
		c.fail("deleted runs of experiment "+experimentID, err)
	}
}
