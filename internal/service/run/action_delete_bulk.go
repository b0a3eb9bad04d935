package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Databricks deletes runs in bulk by the time at which the server created them. The action selects runs by start time, which the client
// sets and which can be earlier or later. Three rules make bulk requests safe:
//   - Only runs that are older than every run that is not selected are deleted in bulk.
//   - A search after the requests finds the selected runs that are still active, which are deleted one by one.
//   - If the requests deleted other runs, the action finds them by comparing the deleted runs before and after, and restores them.

const (
	// minRunsInBulk is the minimum number of runs for bulk requests, which require two additional searches.
	minRunsInBulk = 10
	// maxBulkRounds is the maximum number of rounds of bulk requests if the effect of one is unknown.
	maxBulkRounds = 3
	// maxNewerDeleted is the maximum number of newer deleted runs to compare. If there are more, runs are deleted one by one.
	maxNewerDeleted = 10_000
	// maxStrayRuns is the maximum number of unexpected runs in a search, such as runs that other clients create at the same time.
	maxStrayRuns = 1000
)

// bulkDeletion deletes runs in bulk.
type bulkDeletion struct {
	*runChange
	experiments []string
	// latestStarts maps each experiment to the latest start time of its runs. since and latest are the earliest and latest of these times.
	latestStarts  map[string]int64
	since, latest int64
	// before are the IDs of the runs that started after since and were already deleted.
	before map[string]bool
	// deleted is the number of runs that the requests deleted in each experiment, and countUnknown reports whether that of one request is
	// unknown.
	deleted      map[string]int
	countUnknown bool
}

// deleteInBulk deletes runs in bulk where that is safe, and returns the others, oldest first.
func (c *runChange) deleteInBulk(ctx context.Context, found selectionResult, diags *diag.Diagnostics) (left []mlflow.RunRef) {
	var runs []mlflow.RunRef
	for _, r := range found.runs {
		if found.untimed[r.ExperimentID] || found.next != nil && r.Started >= found.next.Started {
			left = append(left, r)
		} else {
			runs = append(runs, r)
		}
	}
	if len(runs) < minRunsInBulk {
		return found.runs
	}
	b := &bulkDeletion{runChange: c, latestStarts: map[string]int64{}, deleted: map[string]int{}}
	b.setBounds(runs)
	before, more, err := b.newerDeleted(ctx, maxNewerDeleted)
	switch {
	case err != nil:
		c.failSearch(err)
		return nil
	case more:
		return found.runs
	}
	b.before = idSet(before)
	return append(b.delete(ctx, runs, diags), left...)
}

// setBounds sets the experiments and the bounds of the start times.
func (b *bulkDeletion) setBounds(runs []mlflow.RunRef) {
	b.experiments, _ = byExperiment(runs)
	for _, r := range runs {
		b.latestStarts[r.ExperimentID] = max(b.latestStarts[r.ExperimentID], r.Started)
	}
	bounds := slices.Collect(maps.Values(b.latestStarts))
	b.since, b.latest = slices.Min(bounds), slices.Max(bounds)
}

// delete deletes runs in bulk, repeats that if the effect of a request is unknown, and returns the runs that are still active.
func (b *bulkDeletion) delete(ctx context.Context, runs []mlflow.RunRef, diags *diag.Diagnostics) []mlflow.RunRef {
	left, start := runs, time.Now()
	for try := range maxBulkRounds {
		effectUnknown := b.sendBulkRequests(ctx, left)
		checked, cancel := rest.AfterFailure(ctx)
		active, err := b.stillActive(checked, left)
		cancel()
		if err != nil {
			b.countUnknown, b.countIsMinimum = true, true
			b.failSearch(err)
			break
		}
		left = active
		b.setCount(len(runs) - len(left))
		if !effectUnknown || len(left) == 0 || b.mustStop(ctx) || !b.client.WaitForRetry(ctx, start, try) {
			break
		}
	}
	b.restoreOthers(ctx, runs, left, diags)
	return left
}

// sendBulkRequests sends the bulk requests for runs, and reports whether the effect of one is unknown.
func (b *bulkDeletion) sendBulkRequests(ctx context.Context, runs []mlflow.RunRef) (effectUnknown bool) {
	ids, groups := byExperiment(runs)
	sum := 0
	for _, id := range ids {
		for remaining := len(groups[id]); remaining > 0 && !b.mustStop(ctx) && !b.isDenied(id); {
			limit := min(remaining, mlflow.MaxRunsInBulk)
			n, err := b.client.DeleteRunsInBulk(ctx, id, b.latestStarts[id], limit)
			if err != nil {
				if b.recordBulkError(ctx, id, err) {
					b.countUnknown = true
					return true
				}
				break
			}
			b.deleted[id] += n
			sum += n
			b.mu.Lock()
			b.report(ctx, b.count+sum)
			b.mu.Unlock()
			if remaining -= n; n < limit {
				break
			}
		}
	}
	return false
}

// recordBulkError records a failed bulk request, and reports whether its effect is unknown.
func (b *bulkDeletion) recordBulkError(ctx context.Context, experimentID string, err error) (effectUnknown bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case ctx.Err() != nil, rest.IsUncertain(err):
		return true
	case rest.IsPermissionDenied(err):
		b.denied[experimentID] = err
	case !rest.IsEndpointAbsent(err): // without the endpoint, runs are deleted one by one
		b.fail("runs of experiment "+experimentID, err)
	}
	return false
}

// stillActive returns the runs that are active, or all runs if the search finds too many.
func (b *bulkDeletion) stillActive(ctx context.Context, runs []mlflow.RunRef) ([]mlflow.RunRef, error) {
	found, more, err := b.client.SearchRunRefs(ctx, mlflow.RunQuery{
		ExperimentIDs: b.experiments, Filter: fmt.Sprintf("attributes.start_time <= %d", b.latest),
		OrderBy: []string{"attributes.start_time ASC"}, ViewType: mlflow.ViewActive, Limit: len(runs) + maxStrayRuns,
	})
	if err != nil || more {
		return runs, err
	}
	active := idSet(found)
	var left []mlflow.RunRef
	for _, r := range runs {
		if active[r.ID] {
			left = append(left, r)
		}
	}
	return left, nil
}

// newerDeleted returns the deleted runs that started after the runs to delete, at most limit.
func (b *bulkDeletion) newerDeleted(ctx context.Context, limit int) (runs []mlflow.RunRef, more bool, err error) {
	return b.client.SearchRunRefs(ctx, mlflow.RunQuery{
		ExperimentIDs: b.experiments, Filter: fmt.Sprintf("attributes.start_time > %d", b.since), ViewType: mlflow.ViewDeleted, Limit: limit,
	})
}

// restoreOthers restores the runs that the requests deleted although they were not selected, and reports them.
func (b *bulkDeletion) restoreOthers(ctx context.Context, runs, left []mlflow.RunRef, diags *diag.Diagnostics) {
	others := b.deletedOthers(runs, left)
	if others == 0 && !b.countUnknown {
		return
	}
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	const summary = "Runs deleted that were not selected"
	found, more, err := b.newerDeleted(ctx, len(b.before)+len(runs)+maxStrayRuns)
	if err == nil && more {
		err = errors.New("too many runs were deleted while the action ran")
	}
	if err != nil {
		diags.AddWarning(summary, fmt.Sprintf("Databricks deletes runs in bulk by creation time, and may have deleted runs that were not "+
			"selected. %s\n\nCheck the deleted runs of experiments %s, and restore runs with the action mlflow_restore_runs.",
			framework.EndSentences("The provider could not determine which: "+err.Error()), strings.Join(b.experiments, ", ")))
		return
	}
	selected := idSet(runs)
	var restored, notRestored []string
	for _, r := range found {
		if b.before[r.ID] || selected[r.ID] {
			continue
		}
		if err := b.client.RestoreRun(ctx, r.ID); err != nil {
			notRestored = append(notRestored, r.ID)
		} else {
			restored = append(restored, r.ID)
		}
	}
	const reason = "Databricks deletes runs in bulk by creation time, and also deleted runs whose start time is later than that of the " +
		"selected runs."
	if len(restored) > 0 {
		diags.AddWarning(summary, fmt.Sprintf("%s The action restored them: %s.", reason, strings.Join(restored, ", ")))
	}
	if len(notRestored) > 0 {
		diags.AddError(summary, fmt.Sprintf("%s These could not be restored: %s.\n\nRestore them with the action mlflow_restore_runs and "+
			"run_ids.", reason, strings.Join(notRestored, ", ")))
	}
	if n := others - len(restored) - len(notRestored); n > 0 {
		diags.AddWarning(summary, fmt.Sprintf("Databricks reported %s more than the selected ones, and a search did not find them: they may "+
			"have no start time.\n\nCheck the deleted runs of experiments %s, and restore runs with the action "+
			"mlflow_restore_runs.", countOf(n, "deleted run"), strings.Join(b.experiments, ", ")))
	}
}

// deletedOthers returns the number of deleted runs that were not selected, as far as the requests reported it.
func (b *bulkDeletion) deletedOthers(runs, left []mlflow.RunRef) int {
	_, selected := byExperiment(runs)
	_, active := byExperiment(left)
	others := 0
	for id, n := range b.deleted {
		others += max(n-(len(selected[id])-len(active[id])), 0)
	}
	return others
}

// setCount sets the number of deleted runs.
func (c *runChange) setCount(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count = n
}

// failSearch ends the change because a search failed.
func (c *runChange) failSearch(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail("search for runs", err)
}

func idSet(runs []mlflow.RunRef) map[string]bool {
	ids := make(map[string]bool, len(runs))
	for _, r := range runs {
		ids[r.ID] = true
	}
	return ids
}
