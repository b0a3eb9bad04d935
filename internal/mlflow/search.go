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
	// Filter and OrderBy are in the API's own language.
	Filter  string
	OrderBy []string
	// ViewType is ACTIVE_ONLY (default), DELETED_ONLY or ALL.
	ViewType string
	// PageSize is how many experiments one call asks for; 0 means 1,000.
	PageSize int
}

type searchRequest struct {
	Filter     string   `json:"filter,omitempty"`
	OrderBy    []string `json:"order_by,omitempty"`
	ViewType   string   `json:"view_type,omitempty"`
	MaxResults int      `json:"max_results"`
	PageToken  string   `json:"page_token,omitempty"`
}

// errEndlessPages means that a server returned a page token for the second time. A cache or gateway that drops the body of requests does.
var errEndlessPages = errors.New("the server returned the same page token twice, so its pages have no end; " +
	"a cache or gateway in front of it may drop or ignore the body of the request")

type searchPage struct {
	Experiments   []Experiment `json:"experiments"`
	NextPageToken string       `json:"next_page_token"`
}

// Usable implements [rest.Answer].
func (p *searchPage) Usable(empty bool) error {
	if slices.ContainsFunc(p.Experiments, func(e Experiment) bool { return e.ID == "" }) {
		return errors.New("it contains an experiment without an ID")
	}
	return rest.CheckPage(p.Experiments != nil, empty, p.NextPageToken, "experiments")
}

// SearchExperiments yields the experiments of a search, page by page as they are consumed. The first error ends it.
// Errors: [rest.IsInvalid] for a filter that the server does not understand. API: POST experiments/search.
func (c *Client) SearchExperiments(ctx context.Context, s Search) iter.Seq2[Experiment, error] {
	return func(yield func(Experiment, error) bool) {
		req := searchRequest{Filter: s.Filter, OrderBy: s.OrderBy, ViewType: s.ViewType, MaxResults: s.PageSize}
		if req.MaxResults == 0 {
			req.MaxResults = pageSize
		}
		seen := map[string]bool{}
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
			if seen[page.NextPageToken] {
				yield(Experiment{}, fmt.Errorf("searching experiments: %w", errEndlessPages))
				return
			}
			seen[page.NextPageToken] = true
			req.PageToken = page.NextPageToken
		}
	}
}

// searchPage asks for one page; once makes a single try of it, for a page that something else can stand in for.
func (c *Client) searchPage(ctx context.Context, req searchRequest, once bool) (searchPage, error) {
	var page searchPage
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "search", Body: req, Out: &page, Group: rest.GroupSearch, Single: once, Page: true,
	})
	if err != nil {
		return searchPage{}, err
	}
	return page, nil
}
