package content

import (
	"net/url"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// search is the part of the request that all searches have in common.
type search struct {
	ExperimentIDs []string    `json:"experiment_ids"`
	Filter        string      `json:"filter"`
	MaxResults    *wire.Int64 `json:"max_results"`
	PageToken     string      `json:"page_token"`

	order []string // entries of order_by
	extra string   // further arguments that must be the same on every page
}

// kind is a kind of objects that experiments contain.
type kind[T paging.Object] struct {
	language     filter.Language
	preset, most int               // page sizes: the default, and the maximum
	ties         []filter.Ordering // see [paging.Query.Parse]
}

var (
	runKind   = kind[*run]{filter.Runs, 1000, 50_000, []filter.Ordering{{Field: filter.StartTime, Descending: true}, {Field: filter.RunID}}}
	modelKind = kind[modelOfDatasets]{
		filter.Models, 50, 50, []filter.Ordering{{Field: filter.CreationTimestamp, Descending: true}, {Field: filter.ModelID}},
	}
	traceKind = kind[*trace]{filter.Traces, 100, 500, []filter.Ordering{{Field: filter.StartTime, Descending: true}, {Field: filter.TraceID}}}
)

// page finds a page of the objects that list returns of each experiment, and the token of the next page. The caller must be able to read
// all experiments.
func (k kind[T]) page(s *Store, c *wire.Call, in search, list func(*items) []T) ([]T, string, error) {
	var q paging.Query
	var err error
	if q.Limit, err = paging.Limit(in.MaxResults, k.preset, k.most); err != nil {
		return nil, "", err
	}
	if err = q.Parse(k.language, in.Filter, in.order, k.ties...); err != nil {
		return nil, "", err
	}
	if q.From, err = paging.Decode(in.PageToken, paging.ID(in.ExperimentIDs, []string{in.Filter, in.extra}, in.order)); err != nil {
		return nil, "", err
	}
	if len(in.ExperimentIDs) == 0 {
		return nil, "", wire.MissingParameter("experiment_ids")
	}
	var all []T
	for i, id := range in.ExperimentIDs {
		e, err := s.experiments.Readable(c, id)
		if err != nil {
			return nil, "", err
		}
		if !slices.Contains(in.ExperimentIDs[:i], id) {
			all = append(all, list(s.in(e.ID))...)
		}
	}
	return paging.Find(all, q)
}

// queryLimit reads max_results from a query. It returns nil if the query does not set it.
func queryLimit(query url.Values) (*wire.Int64, error) {
	if query.Get("max_results") == "" {
		return nil, nil
	}
	number, err := wire.QueryNumber(query, "max_results")
	limit := wire.Int64(number)
	return &limit, err
}

// searchRuns serves runs/search.
func (s *Store) searchRuns(c *wire.Call) (any, error) {
	var in struct {
		search
		ViewType string   `json:"run_view_type"`
		OrderBy  []string `json:"order_by"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	view, err := paging.ParseView(in.ViewType, "run_view_type")
	if err != nil {
		return nil, err
	}
	in.order, in.extra = in.OrderBy, in.ViewType
	found, next, err := runKind.page(s, c, in.search, func(i *items) []*run { return i.view(view) })
	if err != nil {
		return nil, err
	}
	var out struct {
		Runs          []runJSON `json:"runs,omitempty"`
		NextPageToken string    `json:"next_page_token,omitempty"`
	}
	for _, r := range found {
		out.Runs = append(out.Runs, r.json())
	}
	out.NextPageToken = next
	return out, nil
}

// view lists the runs of a view type.
func (i *items) view(v paging.View) []*run {
	var found []*run
	for _, r := range i.runs {
		if v.Shows(r.deleted != 0) {
			found = append(found, r)
		}
	}
	return found
}

// Satisfies implements [paging.Object].
func (r *run) Satisfies(c filter.Condition) bool {
	switch c.Field {
	case filter.Metric:
		m, ok := r.latest[c.Key]
		return ok && c.MatchesNumber(float64(m.Value))
	case filter.StartTime:
		return c.MatchesNumber(float64(r.started))
	case filter.EndTime:
		return r.ended != 0 && c.MatchesNumber(float64(r.ended))
	}
	text, ok := r.text(c.Field, c.Key)
	return ok && c.MatchesText(text)
}

// Value implements [paging.Object].
func (r *run) Value(o filter.Ordering) paging.Value {
	switch o.Field {
	case filter.Metric:
		m, ok := r.latest[o.Key]
		return paging.Number(float64(m.Value), ok)
	case filter.StartTime:
		return paging.Number(float64(r.started), true)
	case filter.EndTime:
		return paging.Number(float64(r.ended), r.ended != 0)
	}
	return paging.Text(r.text(o.Field, o.Key))
}

// text returns the value of a field that is a text, and whether the run has it.
func (r *run) text(field, key string) (string, bool) {
	switch field {
	case filter.Param:
		value, ok := r.params[key]
		return value, ok
	case filter.Tag:
		value, ok := r.tags[key]
		return value, ok
	case filter.RunName:
		return r.name, true
	case filter.Status:
		return r.status, true
	case filter.UserID:
		return r.user, true
	case filter.ArtifactURI:
		return r.artifactURI, true
	}
	return r.id, true
}
