package emulator

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

const (
	maxSearchResults     = 3000
	defaultSearchResults = 1000
	maxListResults       = 1000
)

// newestFirst is the order without order_by. The ID, which decides ties in all orders, is last.
var newestFirst = []filter.Ordering{{Field: filter.CreationTime, Descending: true}, {Field: filter.ExperimentID, Descending: true}}

func (w *Workspace) searchExperiments(c *wire.Call) (any, error) {
	var in struct {
		Filter     string      `json:"filter"`
		MaxResults *wire.Int64 `json:"max_results"`
		OrderBy    []string    `json:"order_by"`
		PageToken  string      `json:"page_token"`
		ViewType   string      `json:"view_type"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	limit, err := paging.Limit(in.MaxResults, defaultSearchResults, maxSearchResults)
	if err != nil {
		return nil, err
	}
	ties := newestFirst
	if len(in.OrderBy) > 0 {
		ties = newestFirst[1:]
	}
	q := paging.Query{Limit: limit}
	if err = q.Parse(filter.Experiments, in.Filter, in.OrderBy, ties...); err != nil {
		return nil, err
	}
	if q.From, err = paging.Decode(in.PageToken, paging.ID([]string{in.ViewType, in.Filter}, in.OrderBy)); err != nil {
		return nil, err
	}
	return w.page(c, q, in.ViewType)
}

// listExperiments serves the legacy list: at most 1,000 per page if the request sets a page size, otherwise all.
func (w *Workspace) listExperiments(c *wire.Call) (any, error) {
	query := c.URL.Query()
	limit, err := wire.QueryNumber(query, "max_results")
	if err != nil {
		return nil, err
	}
	q := paging.Query{Limit: min(limit, maxListResults)}
	if limit <= 0 {
		q.Limit = len(w.searchable())
	}
	view := query.Get("view_type")
	if err = q.Parse(filter.Experiments, "", nil, newestFirst...); err != nil {
		return nil, err
	}
	if q.From, err = paging.Decode(query.Get("page_token"), paging.ID([]string{view})); err != nil {
		return nil, err
	}
	return w.page(c, q, view)
}

// page returns a page. Experiments that the caller cannot read are removed from the page, so a page can be short or empty although further
// pages follow.
func (w *Workspace) page(c *wire.Call, q paging.Query, viewType string) (any, error) {
	view, err := paging.ParseView(viewType, "view_type")
	if err != nil {
		return nil, err
	}
	var shown []*experiment
	for _, e := range slices.Backward(w.searchable()) { // already in the usual order, which is fast to sort
		if view.Shows(e.deleted()) {
			shown = append(shown, e)
		}
	}
	found, next, err := paging.Find(shown, q)
	if err != nil {
		return nil, err
	}
	var out struct {
		Experiments   []experimentJSON `json:"experiments,omitempty"`
		NextPageToken string           `json:"next_page_token,omitempty"`
	}
	out.NextPageToken = next
	for _, e := range found {
		if w.allowed(c.Caller, e.node, canRead) {
			out.Experiments = append(out.Experiments, e.json())
		}
	}
	return out, nil
}

// Satisfies implements [paging.Object].
func (e *experiment) Satisfies(c filter.Condition) bool {
	switch c.Field {
	case filter.Name:
		return c.MatchesText(e.path)
	case filter.CreationTime:
		return c.MatchesNumber(float64(e.created))
	case filter.LastUpdateTime:
		return c.MatchesNumber(float64(e.updated))
	}
	// An experiment without the tag never matches, not even with !=.
	matches := func(t Tag) bool { return t.Key == c.Key && c.MatchesText(t.Value) }
	return slices.ContainsFunc(e.tags, matches) || slices.ContainsFunc(e.systemTags, matches)
}

// Value implements [paging.Object].
func (e *experiment) Value(o filter.Ordering) paging.Value {
	switch o.Field {
	case filter.Name:
		return paging.Text(e.path, true)
	case filter.CreationTime:
		return paging.Number(float64(e.created), true)
	case filter.LastUpdateTime:
		return paging.Number(float64(e.updated), true)
	}
	return paging.Text(e.id, true)
}
