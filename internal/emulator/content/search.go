package content

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Page sizes of searches.
const (
	defaultRuns, maxRuns     = 1000, 50_000
	defaultModels, maxModels = 50, 50
	defaultTraces, maxTraces = 100, 500
)

// View types of runs.
const (
	activeOnly  = "ACTIVE_ONLY"
	deletedOnly = "DELETED_ONLY"
	allStages   = "ALL"
)

// searchable is what searches find.
type searchable interface {
	// satisfies reports whether a condition holds. An object without the key never satisfies it, not even with !=.
	satisfies(filter.Condition) bool
	// value is what the object has for an entry of the order.
	value(filter.Ordering) sortValue
}

// query is a search for a page.
type query struct {
	conditions []filter.Condition
	order      []filter.Ordering // with entries that no two objects have in common
	limit      int
	from       token
}

// parse reads the arguments that all searches have. Ties in the order are decided by the entries of ties.
func (q *query) parse(l filter.Language, text string, orderBy []string, ties ...filter.Ordering) error {
	var err error
	if q.conditions, err = l.Parse(text); err != nil {
		return err
	}
	if q.order, err = l.ParseOrder(orderBy); err != nil {
		return err
	}
	q.order = append(q.order, ties...)
	return nil
}

// found is an object with its place in the order.
type found[T searchable] struct {
	object T
	place  []sortValue
}

// find returns a page of the objects that satisfy the query, and the token of the next page, which is empty at the end.
func find[T searchable](objects []T, q query) ([]T, string, error) {
	if after := q.from.After; after != nil && len(after) != len(q.order) {
		return nil, "", wire.Invalid("Invalid page token.")
	}
	var all []found[T]
	for _, object := range objects {
		if !satisfiesAll(object, q.conditions) {
			continue
		}
		place := make([]sortValue, len(q.order))
		for i, o := range q.order {
			place[i] = object.value(o)
		}
		if q.from.After == nil || compareValues(q.order, place, q.from.After) > 0 {
			all = append(all, found[T]{object, place})
		}
	}
	slices.SortFunc(all, func(a, b found[T]) int { return compareValues(q.order, a.place, b.place) })
	next := ""
	if len(all) > q.limit {
		all = all[:q.limit]
		next = token{Query: q.from.Query, After: all[q.limit-1].place}.encode()
	}
	page := make([]T, len(all))
	for i, f := range all {
		page[i] = f.object
	}
	return page, next, nil
}

func satisfiesAll(object searchable, conditions []filter.Condition) bool {
	for _, c := range conditions {
		if !object.satisfies(c) {
			return false
		}
	}
	return true
}

// collect lists what the experiments contain, all of which the caller must be able to read. An experiment that is named twice counts once.
func collect[T any](s *Store, c *wire.Call, experimentIDs []string, list func(*items) []T) ([]T, error) {
	if len(experimentIDs) == 0 {
		return nil, wire.Required("experiment_ids")
	}
	var all []T
	for i, id := range experimentIDs {
		e, err := s.experiments.Readable(c, id)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(experimentIDs[:i], id) {
			all = append(all, list(s.in(e.ID))...)
		}
	}
	return all, nil
}

// searchRuns serves runs/search.
func (s *Store) searchRuns(c *wire.Call) (any, error) {
	var in struct {
		ExperimentIDs []string    `json:"experiment_ids"`
		Filter        string      `json:"filter"`
		ViewType      string      `json:"run_view_type"`
		MaxResults    *wire.Int64 `json:"max_results"`
		OrderBy       []string    `json:"order_by"`
		PageToken     string      `json:"page_token"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	var q query
	var err error
	if q.limit, err = limited(in.MaxResults, defaultRuns, maxRuns); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"", activeOnly, deletedOnly, allStages}, in.ViewType) {
		return nil, wire.Invalid("Invalid value '%s' for parameter 'run_view_type' supplied.", in.ViewType)
	}
	ties := []filter.Ordering{{Field: filter.StartTime, Descending: true}, {Field: filter.RunID}}
	if err := q.parse(filter.Runs, in.Filter, in.OrderBy, ties...); err != nil {
		return nil, err
	}
	q.from, err = decodeToken(in.PageToken, queryID(in.ExperimentIDs, []string{in.Filter, in.ViewType}, in.OrderBy))
	if err != nil {
		return nil, err
	}
	runs, err := collect(s, c, in.ExperimentIDs, func(i *items) []*run { return i.view(in.ViewType) })
	if err != nil {
		return nil, err
	}
	var out struct {
		Runs          []runJSON `json:"runs,omitempty"`
		NextPageToken string    `json:"next_page_token,omitempty"`
	}
	if runs, out.NextPageToken, err = find(runs, q); err != nil {
		return nil, err
	}
	for _, r := range runs {
		out.Runs = append(out.Runs, r.json())
	}
	return out, nil
}

// view lists the runs of a view type.
func (i *items) view(viewType string) []*run {
	if viewType == allStages {
		return i.runs
	}
	var runs []*run
	for _, r := range i.runs {
		if (r.deleted != 0) == (viewType == deletedOnly) {
			runs = append(runs, r)
		}
	}
	return runs
}

func (r *run) satisfies(c filter.Condition) bool {
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

func (r *run) value(o filter.Ordering) sortValue {
	switch o.Field {
	case filter.Metric:
		m, ok := r.latest[o.Key]
		return numberValue(float64(m.Value), ok)
	case filter.StartTime:
		return numberValue(float64(r.started), true)
	case filter.EndTime:
		return timeValue(r.ended)
	}
	return textValue(r.text(o.Field, o.Key))
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
