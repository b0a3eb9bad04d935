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

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Databricks deletes runs in bulk by the time at which the server created them. The action selects runs by start time, which the client
// sets and which can be earlier or later. Three rules make bulk requests safe:
//   - Only runs that are older than every run that is not selected are deleted in bulk.
//   - A search after the requests finds the selected runs that are still active, which are deleted one by one.
//   - If the requests deleted other runs, the action finds them by comparing the deleted runs before and after, and restores them.

const (
	// fewestInBulk is the minimum number of runs for bulk requests, which require two additional searches.
	fewestInBulk = 10
	// bulkRounds is the maximum number of rounds of bulk requests if the effect of one is unknown.
	bulkRounds = 3
	// mostDeleted is the maximum number of newer deleted runs to compare. If there are more, runs are deleted one by one.
	mostDeleted = 10_000
	// strayRuns is the maximum number of unexpected runs in a search, such as runs that other clients create at the same time.
	strayRuns = 1000
)

// bulkDeletion deletes runs in bulk.
type bulkDeletion struct {
	*change
	experiments []string
	// until maps each experiment to the latest start time of its runs. since and latest are the earliest and latest of these times.
	until         map[string]int64
	since, latest int64
	// before are the IDs of the runs that started after since and were already deleted.
	before map[string]bool
	// deleted is the number of runs that the requests deleted in each experiment, and lost reports whether that of one request is unknown.
	deleted map[string]int
	lost    bool
}

// deleteInBulk deletes runs in bulk where that is safe, and returns the others, oldest first.
func (c *change) deleteInBulk(ctx context.Context, found selected, diags *diag.Diagnostics) (left []mlflow.RunRef) {
	var runs []mlflow.RunRef
	for _, r := range found.runs {
		if found.untimed[r.ExperimentID] || found.next != nil && r.Started >= found.next.Started {
			left = append(left, r)
		} else {
			runs = append(runs, r)
		}
	}
	if len(runs) < fewestInBulk {
		return found.runs
	}
	b := &bulkDeletion{change: c, until: map[string]int64{}, deleted: map[string]int{}}
	b.bound(runs)
	before, more, err := b.newerDeleted(ctx, mostDeleted)
	switch {
	case err != nil:
		c.failSearch(err)
		return nil
	case more:
		return found.runs
	}
	b.before = idsOf(before)
	return append(b.delete(ctx, runs, diags), left...)
}

// bound sets the experiments and the bounds of the start times.
func (b *bulkDeletion) bound(runs []mlflow.RunRef) {
	b.experiments, _ = byExperiment(runs)
	for _, r := range runs {
		b.until[r.ExperimentID] = max(b.until[r.ExperimentID], r.Started)
	}
	bounds := slices.Collect(maps.Values(b.until))
	b.since, b.latest = slices.Min(bounds), slices.Max(bounds)
}

// delete deletes runs in bulk, repeats that if the effect of a request is unknown, and returns the runs that are still active.
func (b *bulkDeletion) delete(ctx context.Context, runs []mlflow.RunRef, diags *diag.Diagnostics) []mlflow.RunRef {
	left, start := runs, time.Now()
	for try := range bulkRounds {
		unclear := b.round(ctx, left)
		checked, cancel := rest.AfterFailure(ctx)
		active, err := b.stillActive(checked, left)
		cancel()
		if err != nil {
			b.lost, b.unsure = true, true
			b.failSearch(err)
			break
		}
		left = active
		b.setCount(len(runs) - len(left))
		if !unclear || len(left) == 0 || b.isEnded(ctx) || !b.client.WaitForRetry(ctx, start, try) {
			break
		}
	}
	b.restoreOthers(ctx, runs, left, diags)
	return left
}

// round sends the bulk requests for runs, and reports whether the effect of one is unknown.
func (b *bulkDeletion) round(ctx context.Context, runs []mlflow.RunRef) (unclear bool) {
	ids, groups := byExperiment(runs)
	sum := 0
	for _, id := range ids {
		for remaining := len(groups[id]); remaining > 0 && !b.isEnded(ctx) && !b.isDenied(id); {
			asked := min(remaining, mlflow.MaxRunsInBulk)
			n, err := b.client.DeleteRunsInBulk(ctx, id, b.until[id], asked)
			if err != nil {
				if b.noteRefused(ctx, id, err) {
					b.lost = true
					return true
				}
				break
			}
			b.deleted[id] += n
			sum += n
			b.mu.Lock()
			b.report(ctx, b.count+sum)
			b.mu.Unlock()
			if remaining -= n; n < asked {
				break
			}
		}
	}
	return false
}

// noteRefused records a failed bulk request, and reports whether its effect is unknown.
func (b *bulkDeletion) noteRefused(ctx context.Context, experimentID string, err error) (unclear bool) {
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
		OrderBy: []string{"attributes.start_time ASC"}, ViewType: mlflow.ViewActive, Limit: len(runs) + strayRuns,
	})
	if err != nil || more {
		return runs, err
	}
	active := idsOf(found)
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
	if others == 0 && !b.lost {
		return
	}
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	const summary = "Runs deleted that were not selected"
	found, more, err := b.newerDeleted(ctx, len(b.before)+len(runs)+strayRuns)
	if err == nil && more {
		err = errors.New("too many runs were deleted meanwhile")
	}
	if err != nil {
		diags.AddWarning(summary, fmt.Sprintf("Databricks deletes runs in bulk by creation time, and may have deleted runs that were not "+
			"selected. The provider could not determine which: %s.\n\nCheck the deleted runs of experiments %s, and restore runs with the action "+
			"mlflow_restore_runs.", strings.TrimSuffix(err.Error(), "."), strings.Join(b.experiments, ", ")))
		return
	}
	selected := idsOf(runs)
	var restored, lost []string
	for _, r := range found {
		if b.before[r.ID] || selected[r.ID] {
			continue
		}
		if err := b.client.RestoreRun(ctx, r.ID); err != nil {
			lost = append(lost, r.ID)
		} else {
			restored = append(restored, r.ID)
		}
	}
	const reason = "Databricks deletes runs in bulk by creation time, and also deleted runs whose start time is later than that of the " +
		"selected runs."
	if len(restored) > 0 {
		diags.AddWarning(summary, fmt.Sprintf("%s The action restored them: %s.", reason, strings.Join(restored, ", ")))
	}
	if len(lost) > 0 {
		diags.AddError(summary, fmt.Sprintf("%s These could not be restored: %s.\n\nRestore them with the action mlflow_restore_runs and "+
			"run_ids.", reason, strings.Join(lost, ", ")))
	}
	if n := others - len(restored) - len(lost); n > 0 {
		diags.AddWarning(summary, fmt.Sprintf("Databricks reported %s more than the selected ones, and a search did not find them: they may "+
			"have no start time.\n\nCheck the deleted runs of experiments %s, and restore runs with the action "+
			"mlflow_restore_runs.", sizeOf(n, "deleted run"), strings.Join(b.experiments, ", ")))
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
func (c *change) setCount(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count = n
}

// failSearch ends the change because a search failed.
func (c *change) failSearch(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail("search for runs", err)
}

func idsOf(runs []mlflow.RunRef) map[string]bool {
	ids := make(map[string]bool, len(runs))
	for _, r := range runs {
		ids[r.ID] = true
	}
	return ids
}
