package run

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	// maxConcurrentRequests is the maximum number of concurrent requests for single runs.
	maxConcurrentRequests = 4
	// minRunsPerReport and maxRunsPerReport bound the number of runs between two progress events.
	minRunsPerReport, maxRunsPerReport = 100, 1000
)

// runChange deletes or restores runs, and counts them.
type runChange struct {
	client *mlflow.Client
	// verb is "delete" or "restore", and participle its past participle.
	verb, participle string
	// changeRun changes a run. It succeeds if the run is already deleted or restored.
	changeRun    func(ctx context.Context, id string) error
	sendProgress func(action.InvokeProgressEvent)
	// total is the number of selected runs, or with serverSelects, the maximum number of runs that the server selects.
	total         int
	serverSelects bool

	mu sync.Mutex
	// count is the number of runs that are known to be changed, and reported its value in the last progress event.
	count, reported int
	// denied maps the IDs of experiments whose runs the caller may not change to the error.
	denied map[string]error
	// missing are the IDs of runs that no longer exist.
	missing []string
	// failure is the error that ended the change, and failedObject describes the object of the failed request. countIsMinimum reports
	// whether more runs can be changed than count.
	failure        error
	failedObject   string
	countIsMinimum bool
}

func newDeletion(client *mlflow.Client, total int, sendProgress func(action.InvokeProgressEvent)) *runChange {
	return &runChange{
		client: client, verb: "delete", participle: "deleted", changeRun: client.DeleteRun, total: total,
		sendProgress: sendProgress, denied: map[string]error{},
	}
}

func newRestoration(client *mlflow.Client, total int, sendProgress func(action.InvokeProgressEvent)) *runChange {
	return &runChange{
		client: client, verb: "restore", participle: "restored", changeRun: client.RestoreRun, total: total,
		sendProgress: sendProgress, denied: map[string]error{},
	}
}

// changeEach changes runs with one request per run, in their order, with up to maxConcurrentRequests requests at the same time. It stops
// after a failure. Without access to one experiment, it continues with the others.
func (c *runChange) changeEach(ctx context.Context, runs []mlflow.RunRef) {
	var group errgroup.Group
	group.SetLimit(maxConcurrentRequests)
	for _, r := range runs {
		if c.mustStop(ctx) {
			break
		}
		group.Go(func() error {
			if !c.mustStop(ctx) && !c.isDenied(r.ExperimentID) {
				c.record(ctx, r, c.changeRun(ctx, r.ID))
			}
			return nil
		})
	}
	_ = group.Wait()
}

// mustStop reports whether the change must stop.
func (c *runChange) mustStop(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure != nil || ctx.Err() != nil
}

func (c *runChange) isDenied(experimentID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.denied[experimentID] != nil
}

// record records the result of changing one run.
func (c *runChange) record(ctx context.Context, r mlflow.RunRef, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rest.IsNotFound(err) && ctx.Err() == nil {
		c.missing = append(c.missing, r.ID)
		return
	}
	c.add(ctx, r.ExperimentID, 1, describeRun(r.ID), err)
}

// add records that a request changed n runs of an experiment, or that it failed. object describes the runs. The caller holds the lock.
func (c *runChange) add(ctx context.Context, experimentID string, n int, object string, err error) {
	switch {
	case err == nil:
		c.count += n
		c.report(ctx, c.count)
	case ctx.Err() != nil:
		c.countIsMinimum = true
	case rest.IsPermissionDenied(err):
		c.denied[experimentID] = err
	default:
		c.fail(object, err)
	}
}

// fail ends the change. The first failure is reported. The caller holds the lock.
func (c *runChange) fail(object string, err error) {
	c.countIsMinimum = c.countIsMinimum || rest.IsUncertain(err)
	if c.failure == nil {
		c.failure, c.failedObject = err, object
	}
}

// report sends a progress event if enough runs were changed since the last one. The caller holds the lock.
func (c *runChange) report(ctx context.Context, count int) {
	step := min(max(c.total/20, minRunsPerReport), maxRunsPerReport)
	if count-c.reported < step || count >= c.total || ctx.Err() != nil {
		return
	}
	c.reported = count
	text := fmt.Sprintf("%s %s of %s", framework.UpperFirst(c.participle), formatCount(count), countOf(c.total, "run"))
	if c.serverSelects {
		text = fmt.Sprintf("%s %s", framework.UpperFirst(c.participle), countOf(count, "run"))
	}
	c.sendProgress(action.InvokeProgressEvent{Message: text})
}

// finish reports the result. experimentIDs are the argument of the action, nil if it has none. more reports whether more runs match.
func (c *runChange) finish(ctx context.Context, experimentIDs []string, more bool, diags *diag.Diagnostics) {
	summary := "Could not " + c.verb + " runs"
	for _, id := range framework.SortedKeys(c.denied) {
		detail := framework.ErrorDetail("runs of "+framework.DescribeExperiment(id, ""), c.denied[id], accessAdvice, c.statusAdvice())
		if i := slices.Index(experimentIDs, id); i >= 0 {
			diags.AddAttributeError(path.Root(attributeExperimentIDs).AtListIndex(i), summary, detail)
		} else {
			diags.AddError(summary, detail)
		}
	}
	switch {
	case ctx.Err() != nil && c.count+len(c.missing) < c.total:
		diags.AddError(summary, "The action was canceled.\n\n"+c.statusAdvice())
	case c.failure != nil:
		diags.AddError(summary, framework.ErrorDetail(c.failedObject, c.failure, c.statusAdvice()))
	case !diags.HasError() && ctx.Err() == nil:
		c.sendProgress(action.InvokeProgressEvent{Message: c.result(more)})
	}
}

// accessAdvice is the advice for an identity that may not change runs.
const accessAdvice = "Grant CAN_EDIT on the experiment (MANAGE on an MLflow server) to the identity that runs Terraform, or exclude the " +
	"experiment."

// result returns the progress message of a change without a failure.
func (c *runChange) result(more bool) string {
	text := fmt.Sprintf("%s %s", framework.UpperFirst(c.participle), countOf(c.count, "run"))
	if n := len(c.missing); n > 0 {
		text += fmt.Sprintf("; %s no longer existed", countOf(n, "run"))
	}
	matching := "match"
	if c.serverSelects {
		matching = "may match"
	}
	if more {
		text += fmt.Sprintf("; more runs %s, invoke the action again to %s them", matching, c.verb)
	}
	return text
}

// statusAdvice returns the number of runs that were changed before a failure, and the next step.
func (c *runChange) statusAdvice() string {
	text := "So far, the action " + c.participle + " "
	if c.countIsMinimum {
		text += "at least "
	}
	switch left := c.total - c.count - len(c.missing); {
	case c.serverSelects:
		text += countOf(c.count, "run")
	case c.countIsMinimum:
		text += fmt.Sprintf("%s of %s", formatCount(c.count), countOf(c.total, "run"))
	default:
		text += fmt.Sprintf("%s of %s; %s remain", formatCount(c.count), countOf(c.total, "run"), formatCount(left))
	}
	return text + ". To continue, invoke the action again: it searches for the runs that still match."
}

// byExperiment groups runs by experiment, and returns the IDs of the experiments in the order of the first run of each.
func byExperiment(runs []mlflow.RunRef) (ids []string, groups map[string][]mlflow.RunRef) {
	groups = map[string][]mlflow.RunRef{}
	for _, r := range runs {
		if groups[r.ExperimentID] == nil {
			ids = append(ids, r.ExperimentID)
		}
		groups[r.ExperimentID] = append(groups[r.ExperimentID], r)
	}
	return ids, groups
}
