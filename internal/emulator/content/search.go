package content

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
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
	var q paging.Query
	var err error
	if q.Limit, err = paging.Limit(in.MaxResults, defaultRuns, maxRuns); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"", activeOnly, deletedOnly, allStages}, in.ViewType) {
		return nil, wire.Invalid("Invalid value '%s' for parameter 'run_view_type' supplied.", in.ViewType)
	}
	ties := []filter.Ordering{{Field: filter.StartTime, Descending: true}, {Field: filter.RunID}}
	if err := q.Parse(filter.Runs, in.Filter, in.OrderBy, ties...); err != nil {
		return nil, err
	}
	q.From, err = paging.Decode(in.PageToken, paging.ID(in.ExperimentIDs, []string{in.Filter, in.ViewType}, in.OrderBy))
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
	if runs, out.NextPageToken, err = paging.Find(runs, q); err != nil {
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
