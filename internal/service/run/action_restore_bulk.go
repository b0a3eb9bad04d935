package run

import (
	"context"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// restoreInBulk restores the runs that were deleted at deleted_after or later, in each experiment, until no more match or max_runs is
// reached.
func (c *runChange) restoreInBulk(ctx context.Context, m *restoreRunsModel) {
	after, _ := time.Parse(time.RFC3339, m.DeletedAfter.ValueString())
	for _, id := range m.ExperimentIDs {
		for c.count < c.total && !c.mustStop(ctx) {
			limit := min(c.total-c.count, mlflow.MaxRunsInBulk)
			n, err := c.client.RestoreRunsInBulk(ctx, id, after.UnixMilli(), limit)
			c.mu.Lock()
			c.add(ctx, id, n, "deleted runs of experiment "+id, err)
			c.mu.Unlock()
			if err != nil || n < limit {
				break
			}
		}
	}
}
