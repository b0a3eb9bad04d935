package mlflow

import (
	"context"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const (
	// maxRefPage is the maximum number of runs that one call can return.
	maxRefPage = 50_000
	// smallRefPage is a number of runs that each server can return before the timeout: the default of the API.
	smallRefPage = 1000
)

// RunRef identifies a run for a change of many runs.
type RunRef struct {
	ID, ExperimentID string
	// Started is the start time in milliseconds since 1970, 0 if the server does not return it.
	Started int64
}

// runRefJSON is a run in a response, without its data.
type runRefJSON struct {
	Info runInfo `json:"info"`
}

func (r runRefJSON) about() runInfo { return r.Info }

// SearchRunRefs is [Client.SearchRuns] for changes of many runs. Where the server changes many runs in one call, pages are as large as
// the API allows. A large page that is too large to be read, or that the server does not return in time, is replaced by smaller ones.
// API: POST runs/search.
func (c *Client) SearchRunRefs(ctx context.Context, q RunQuery) (refs []RunRef, more bool, err error) {
	size := smallRefPage
	if c.BulkRuns() {
		size = max(size, min(maxRefPage, q.Limit+1))
	}
	found, more, err := searchRuns[runRefJSON](ctx, c, q, size)
	for err != nil && size > smallRefPage && ctx.Err() == nil && !isFinal(err) {
		size = max(size/4, smallRefPage)
		found, more, err = searchRuns[runRefJSON](ctx, c, q, size)
	}
	refs = make([]RunRef, len(found))
	for i, r := range found {
		refs[i] = RunRef{ID: r.Info.id(), ExperimentID: r.Info.ExperimentID, Started: int64(r.Info.StartTime)}
	}
	return refs, more, err
}

// isFinal reports whether a server rejects a search independent of the size of its pages.
func isFinal(err error) bool {
	_, refused := rest.AsRefusal(err)
	return refused && !rest.IsUncertain(err) && !rest.IsThrottled(err)
}
