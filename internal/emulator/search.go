package emulator

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

const (
	maxSearchResults     = 3000
	defaultSearchResults = 1000
	maxListResults       = 1000
)

// search is a search for a page of experiments.
type search struct {
	view    paging.View
	filter  []filter.Condition
	order   []filter.Ordering // empty: newest first
	limit   int
	after   *experiment // a copy of the last experiment of the previous page; nil for the first page
	queryID string      // the arguments that must be the same on every page
}

// pageToken is the end of a page. The next page starts after it in the order, even if experiments were created or deleted in between.
type pageToken struct {
	Query            string
	ID, Name         string
	Created, Updated int64
}

func (w *Workspace) searchExperiments(c *wire.Call) (any, error) {
	var in struct {
		Filter     string   `json:"filter"`
		MaxResults int      `json:"max_results"`
		OrderBy    []string `json:"order_by"`
		PageToken  string   `json:"page_token"`
		ViewType   string   `json:"view_type"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if in.MaxResults < 0 || in.MaxResults > maxSearchResults {
		return nil, wire.Invalid("Invalid value %d for parameter 'max_results' supplied. It must be at most %d.", in.MaxResults, maxSearchResults)
	}
	conditions, err := filter.Parse(in.Filter)
	if err != nil {
		return nil, err
	}
	order, err := filter.ParseOrder(in.OrderBy)
	if err != nil {
		return nil, err
	}
	s := search{
		view:    paging.View(in.ViewType),
		filter:  conditions,
		order:   order,
		limit:   cmp.Or(in.MaxResults, defaultSearchResults),
		queryID: strings.Join(append([]string{in.ViewType, in.Filter}, in.OrderBy...), "\n"),
	}
	return w.page(c, s, in.PageToken)
}

// listExperiments serves the legacy list: at most 1,000 per page if the request sets a page size, otherwise all.
func (w *Workspace) listExperiments(c *wire.Call) (any, error) {
	query := c.URL.Query()
	limit, err := wire.QueryNumber(query, "max_results")
	if err != nil {
		return nil, err
	}
	limit = min(limit, maxListResults)
	if limit <= 0 {
		limit = len(w.searchable())
	}
	view := query.Get("view_type")
	return w.page(c, search{view: paging.View(view), limit: limit, queryID: view}, query.Get("page_token"))
}

// page returns a page. Experiments that the caller cannot read are removed from the page, so a page can be short or empty although further
// pages follow.
func (w *Workspace) page(c *wire.Call, s search, token string) (any, error) {
	var err error
	if s.view, err = paging.ParseView(string(s.view), "view_type"); err != nil {
		return nil, err
	}
	if token != "" {
		if s.after, err = decodePageToken(token, s.queryID); err != nil {
			return nil, err
		}
	}
	found := w.find(s)
	var out struct {
		Experiments   []experimentJSON `json:"experiments,omitempty"`
		NextPageToken string           `json:"next_page_token,omitempty"`
	}
	if len(found) > s.limit {
		found = found[:s.limit]
		last := found[s.limit-1]
		out.NextPageToken = paging.Encode(pageToken{s.queryID, last.id, last.path, last.created, last.updated})
	}
	for _, e := range found {
		if w.allowed(c.Caller, e.node, canRead) {
			out.Experiments = append(out.Experiments, e.json())
		}
	}
	return out, nil
}

// find returns the experiments after s.after: in the default order at most one more than a page, otherwise all.
func (w *Workspace) find(s search) []*experiment {
	byAge := w.searchable()
	newestFirst := len(s.order) == 0
	if newestFirst && s.after != nil {
		end, _ := slices.BinarySearchFunc(byAge, s.after, oldestFirst)
		byAge = byAge[:end]
	}
	var found []*experiment
	for _, e := range slices.Backward(byAge) {
		if !s.matches(e) || s.after != nil && s.compare(e, s.after) <= 0 {
			continue
		}
		found = append(found, e)
		if newestFirst && len(found) > s.limit {
			return found
		}
	}
	if !newestFirst {
		slices.SortFunc(found, s.compare)
	}
	return found
}

func (s search) matches(e *experiment) bool {
	if !s.view.Shows(e.deleted()) {
		return false
	}
	for _, c := range s.filter {
		if !e.satisfies(c) {
			return false
		}
	}
	return true
}

// compare compares two results. Equal ones are ordered by ID, higher ones first.
func (s search) compare(a, b *experiment) int {
	if len(s.order) == 0 {
		return oldestFirst(b, a)
	}
	for _, o := range s.order {
		if d := compareBy(o, a, b); d != 0 {
			return d
		}
	}
	return cmp.Compare(b.id, a.id)
}

// satisfies reports whether the experiment satisfies a condition of a filter.
func (e *experiment) satisfies(c filter.Condition) bool {
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

// compareBy compares two experiments by one entry of order_by.
func compareBy(o filter.Ordering, a, b *experiment) int {
	var d int
	switch o.Field {
	case filter.Name:
		d = cmp.Compare(a.path, b.path)
	case filter.CreationTime:
		d = cmp.Compare(a.created, b.created)
	case filter.LastUpdateTime:
		d = cmp.Compare(a.updated, b.updated)
	default:
		d = cmp.Compare(a.id, b.id)
	}
	if o.Descending {
		return -d
	}
	return d
}

// decodePageToken rejects a token of another query.
func decodePageToken(token, queryID string) (*experiment, error) {
	var t pageToken
	if err := paging.Read(token, &t); err != nil || t.Query != queryID {
		return nil, paging.InvalidToken()
	}
	return &experiment{node: &node{id: t.ID, path: t.Name}, created: t.Created, updated: t.Updated}, nil
}
