package mlflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// ViewType selects objects by whether they are deleted.
type ViewType string

// The values of [ViewType].
const (
	ViewActive  ViewType = "ACTIVE_ONLY"
	ViewDeleted ViewType = "DELETED_ONLY"
	ViewAll     ViewType = "ALL"
)

// runPageSize is the maximum number of runs in a page: with metrics and parameters, a run can have more than 100 kB.
const runPageSize = 250

// RunQuery selects runs.
type RunQuery struct {
	// ExperimentIDs are the experiments to search, at least one.
	ExperimentIDs []string
	// Filter and OrderBy have the syntax of the API. Without OrderBy, the newest run is first. The server orders equal runs by start
	// time, newest first, and then by ID.
	Filter  string
	OrderBy []string
	// ViewType defaults to [ViewActive].
	ViewType ViewType
	// Limit is the maximum number of runs to return, at least 1.
	Limit int
}

// RunList is the result of a search.
type RunList struct {
	Runs []Run
	// More reports whether more runs match than the limit allows.
	More bool
}

type runSearchRequest struct {
	ExperimentIDs []string `json:"experiment_ids"`
	Filter        string   `json:"filter,omitempty"`
	ViewType      ViewType `json:"run_view_type"`
	MaxResults    int      `json:"max_results"`
	OrderBy       []string `json:"order_by,omitempty"`
	PageToken     string   `json:"page_token,omitempty"`
}

// runEntry is a run in a page of a search: whole, or only its info.
type runEntry interface{ about() runInfo }

// runPage is a page of a search for runs.
type runPage[R runEntry] struct {
	Runs          []R    `json:"runs"`
	NextPageToken string `json:"next_page_token"`

	asked runSearchRequest
}

// Validate implements [rest.Response]. A server that drops the body of requests returns runs of other experiments, or deleted ones.
func (p *runPage[R]) Validate(empty bool) error {
	for _, r := range p.Runs {
		info := r.about()
		if err := info.check(); err != nil {
			return err
		}
		if !slices.Contains(p.asked.ExperimentIDs, info.ExperimentID) {
			return fmt.Errorf("it contains run %q of experiment %q, which was not requested", info.id(), info.ExperimentID)
		}
		if p.asked.ViewType == ViewActive && info.isDeleted() || p.asked.ViewType == ViewDeleted && !info.isDeleted() {
			return fmt.Errorf("it contains run %q in the lifecycle stage %q, which was not requested", info.id(), info.LifecycleStage)
		}
	}
	return rest.CheckPage(p.Runs != nil, empty, p.NextPageToken, "runs")
}

// SearchRuns returns the runs that match, at most q.Limit. It reads pages until it has one run more, so that More is exact. A run that is
// on two pages, because another one started in between, is returned once. Errors: [rest.IsInvalid] for an invalid filter or order. API:
// POST runs/search.
func (c *Client) SearchRuns(ctx context.Context, q RunQuery) (RunList, error) {
	found, more, err := searchRuns[runJSON](ctx, c, q, runPageSize)
	if err != nil {
		return RunList{}, err
	}
	runs := make([]Run, len(found))
	for i := range found {
		runs[i] = found[i].run()
	}
	return RunList{Runs: runs, More: more}, nil
}

// searchRuns reads pages of a size until it has one run more than the limit. A page of more than smallRefPage is tried once only.
func searchRuns[R runEntry](ctx context.Context, c *Client, q RunQuery, size int) (found []R, more bool, err error) {
	if len(q.ExperimentIDs) == 0 || q.Limit < 1 {
		return nil, false, errors.New("searching runs: no experiment, or no limit")
	}
	req := runSearchRequest{
		ExperimentIDs: q.ExperimentIDs, Filter: q.Filter, ViewType: cmp.Or(q.ViewType, ViewActive), OrderBy: q.OrderBy,
		MaxResults: min(size, q.Limit+1),
	}
	listed := map[string]bool{}
	var pages pageGuard
	for len(found) <= q.Limit {
		page := runPage[R]{asked: req}
		err := c.Do(ctx, rest.Call{
			Method: http.MethodPost, Path: runsPath + "search", Body: req, Out: &page, Group: rest.GroupSearch, Page: true,
			NoRetry: req.MaxResults > smallRefPage,
		})
		if err != nil {
			return nil, false, err
		}
		before := len(found)
		for _, r := range page.Runs {
			if id := r.about().id(); !listed[id] {
				listed[id] = true
				found = append(found, r)
			}
		}
		if page.NextPageToken == "" {
			break
		}
		if err := pages.check(page.NextPageToken, len(found)-before); err != nil {
			return nil, false, fmt.Errorf("searching runs: %w", err)
		}
		req.PageToken = page.NextPageToken
	}
	return found[:min(len(found), q.Limit)], len(found) > q.Limit, nil
}
