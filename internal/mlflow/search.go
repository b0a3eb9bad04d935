package mlflow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Search selects experiments. The zero value selects all active ones.
type Search struct {
	// Filter and OrderBy have the syntax of the API.
	Filter  string
	OrderBy []string
	// ViewType is ACTIVE_ONLY (default), DELETED_ONLY, or ALL.
	ViewType string
	// PageSize is the maximum number of experiments in a page; 0 means 1,000.
	PageSize int
}

type searchRequest struct {
	Filter     string   `json:"filter,omitempty"`
	OrderBy    []string `json:"order_by,omitempty"`
	ViewType   string   `json:"view_type,omitempty"`
	MaxResults int      `json:"max_results"`
	PageToken  string   `json:"page_token,omitempty"`
}

type searchPage struct {
	Experiments   []Experiment `json:"experiments"`
	NextPageToken string       `json:"next_page_token"`
}

// Validate implements [rest.Response].
func (p *searchPage) Validate(empty bool) error {
	if slices.ContainsFunc(p.Experiments, func(e Experiment) bool { return e.ID == "" }) {
		return errors.New("it contains an experiment without an ID")
	}
	return rest.CheckPage(p.Experiments != nil, empty, p.NextPageToken, "experiments")
}

// SearchExperiments returns an iterator over the experiments of a search. It reads pages as they are consumed, and ends with the first
// error. Errors: [rest.IsInvalid] for an invalid filter. API: POST experiments/search.
func (c *Client) SearchExperiments(ctx context.Context, s Search) iter.Seq2[Experiment, error] {
	return func(yield func(Experiment, error) bool) {
		req := searchRequest{Filter: s.Filter, OrderBy: s.OrderBy, ViewType: s.ViewType, MaxResults: s.PageSize}
		if req.MaxResults == 0 {
			req.MaxResults = pageSize
		}
		var pages pageGuard
		for {
			page, err := c.searchPage(ctx, req, false)
			if err != nil {
				yield(Experiment{}, err)
				return
			}
			for _, e := range page.Experiments {
				if !yield(e, nil) {
					return
				}
			}
			if page.NextPageToken == "" {
				return
			}
			if err := pages.checkToken(page.NextPageToken); err != nil {
				yield(Experiment{}, fmt.Errorf("searching experiments: %w", err))
				return
			}
			req.PageToken = page.NextPageToken
		}
	}
}

// searchPage reads one page; noRetry disables retries, for a page that is not required.
func (c *Client) searchPage(ctx context.Context, req searchRequest, noRetry bool) (searchPage, error) {
	var page searchPage
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "search", Body: req, Out: &page, Group: rest.GroupSearch, NoRetry: noRetry, Page: true,
	})
	if err != nil {
		return searchPage{}, err
	}
	return page, nil
}

// maxEmptyPages is the maximum number of consecutive pages without new results, each with a token for another one.
const maxEmptyPages = 100

// pageGuard detects a list whose pages do not end.
type pageGuard struct {
	tokens map[string]bool
	empty  int // consecutive pages without new results
}

// checkToken returns an error if the server returned the token before, as behind a cache or gateway that drops the body of requests.
func (g *pageGuard) checkToken(token string) error {
	if g.tokens[token] {
		return errors.New("the server returned the same page token twice, so reading pages was stopped; " +
			"a cache or gateway in front of it may drop the body of requests")
	}
	if g.tokens == nil {
		g.tokens = map[string]bool{}
	}
	g.tokens[token] = true
	return nil
}

// check is checkToken, and also returns an error after [maxEmptyPages]. listed is the number of new objects in the page.
func (g *pageGuard) check(token string, listed int) error {
	if g.empty++; listed > 0 {
		g.empty = 0
	}
	if err := g.checkToken(token); err != nil || g.empty < maxEmptyPages {
		return err
	}
	return fmt.Errorf("the server returned %d consecutive pages without new results, each with a token for another page", g.empty)
}
