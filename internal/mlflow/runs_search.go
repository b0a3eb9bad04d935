package mlflow

import (
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

const (
	// runPageSize is how many runs one call asks for at most: with metrics and parameters, a run can have more than 100 kB.
	runPageSize = 250
	// maxEmptyPages is how many pages in a row may be empty, each with a token for another one.
	maxEmptyPages = 100
)

// RunQuery selects runs.
type RunQuery struct {
	// ExperimentIDs are the experiments to search, at least one.
	ExperimentIDs []string
	// Filter and OrderBy are in the API's own language. Without OrderBy, the newest run is first. The server orders runs that are equal by start
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

// runPage is a page of a search for runs.
type runPage struct {
	Runs          []runJSON `json:"runs"`
	NextPageToken string    `json:"next_page_token"`

	asked runSearchRequest
}

// Usable implements [rest.Answer]. A server that drops the body of requests returns runs of other experiments, or deleted ones.
func (p *runPage) Usable(empty bool) error {
	for i := range p.Runs {
		r := &p.Runs[i]
		if err := r.check(); err != nil {
			return err
		}
		if !slices.Contains(p.asked.ExperimentIDs, r.Info.ExperimentID) {
			return fmt.Errorf("it contains run %q of experiment %q, which was not asked for", r.id(), r.Info.ExperimentID)
		}
		if p.asked.ViewType == ViewActive && r.isDeleted() || p.asked.ViewType == ViewDeleted && !r.isDeleted() {
			return fmt.Errorf("it contains run %q in the state %q, which was not asked for", r.id(), r.Info.LifecycleStage)
		}
	}
	return rest.CheckPage(p.Runs != nil, empty, p.NextPageToken, "runs")
}

// SearchRuns returns the runs that match, at most q.Limit. It reads pages until it has one run more, so that More is exact. A run that is on two
// pages, because another one started in between, is returned once. Errors: [rest.IsInvalid] for a filter or an order that the server does not
// understand. API: POST runs/search.
func (c *Client) SearchRuns(ctx context.Context, q RunQuery) (RunList, error) {
	if len(q.ExperimentIDs) == 0 || q.Limit < 1 {
		return RunList{}, errors.New("searching runs: no experiment, or no limit")
	}
	req := runSearchRequest{
		ExperimentIDs: q.ExperimentIDs, Filter: q.Filter, ViewType: q.ViewType, OrderBy: q.OrderBy, MaxResults: min(runPageSize, q.Limit+1),
	}
	if req.ViewType == "" {
		req.ViewType = ViewActive
	}
	var runs []Run
	listed := map[string]bool{}
	var pages pageGuard
	for len(runs) <= q.Limit {
		page, err := c.runPage(ctx, req)
		if err != nil {
			return RunList{}, err
		}
		for i := range page.Runs {
			if r := page.Runs[i].run(); !listed[r.ID] {
				listed[r.ID] = true
				runs = append(runs, r)
			}
		}
		if page.NextPageToken == "" {
			break
		}
		if err := pages.check(page.NextPageToken, len(page.Runs)); err != nil {
			return RunList{}, fmt.Errorf("searching runs: %w", err)
		}
		req.PageToken = page.NextPageToken
	}
	return RunList{Runs: runs[:min(len(runs), q.Limit)], More: len(runs) > q.Limit}, nil
}

// pageGuard finds pages that have no end.
type pageGuard struct {
	tokens map[string]bool
	empty  int // pages in a row that list nothing
}

// check returns an error if a page whose token is for another one cannot lead to an end: the token was there before, or too many pages were empty.
func (g *pageGuard) check(token string, listed int) error {
	if g.tokens[token] {
		return errEndlessPages
	}
	if g.tokens == nil {
		g.tokens = map[string]bool{}
	}
	g.tokens[token] = true
	if g.empty++; listed > 0 {
		g.empty = 0
	}
	if g.empty == maxEmptyPages {
		return fmt.Errorf("the server returned %d empty pages in a row, each with a token for another page", g.empty)
	}
	return nil
}

func (c *Client) runPage(ctx context.Context, req runSearchRequest) (runPage, error) {
	page := runPage{asked: req}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: runsPath + "search", Body: req, Out: &page, Group: rest.GroupSearch, Page: true,
	})
	return page, err
}
