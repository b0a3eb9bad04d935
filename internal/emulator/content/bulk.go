package content

import (
	"cmp"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// maxBulkRuns is the maximum number of runs that one call deletes or restores, and the default of max_runs.
const maxBulkRuns = 10_000

// bulkRequest is the body of delete-runs and restore-runs.
type bulkRequest struct {
	ExperimentID string      `json:"experiment_id"`
	Until        *wire.Int64 `json:"max_timestamp_millis"` // of delete-runs
	From         *wire.Int64 `json:"min_timestamp_millis"` // of restore-runs
	MaxRuns      wire.Int64  `json:"max_runs"`
}

// deleteRuns serves delete-runs: it deletes active runs that were created at or before a time, oldest first.
func (s *Store) deleteRuns(c *wire.Call) (any, error) {
	in, runs, err := s.bulk(c)
	if err != nil {
		return nil, err
	}
	if in.Until == nil {
		return nil, wire.MissingParameter("max_timestamp_millis")
	}
	created := func(r *run) int64 { return r.created }
	chosen := oldest(runs, int(in.MaxRuns), created, func(r *run) bool { return r.deleted == 0 && r.created <= int64(*in.Until) })
	for _, r := range chosen {
		r.delete(s.now())
	}
	return struct {
		Deleted int `json:"runs_deleted,omitempty"`
	}{len(chosen)}, nil
}

// restoreRuns serves restore-runs: it restores runs that were deleted at or after a time, those that were deleted first.
func (s *Store) restoreRuns(c *wire.Call) (any, error) {
	in, runs, err := s.bulk(c)
	if err != nil {
		return nil, err
	}
	if in.From == nil {
		return nil, wire.MissingParameter("min_timestamp_millis")
	}
	deleted := func(r *run) int64 { return r.deleted }
	chosen := oldest(runs, int(in.MaxRuns), deleted, func(r *run) bool { return r.deleted != 0 && r.deleted >= int64(*in.From) })
	for _, r := range chosen {
		r.deleted = 0
	}
	return struct {
		Restored int `json:"runs_restored,omitempty"`
	}{len(chosen)}, nil
}

// bulk reads the request, in which MaxRuns has its default, and finds the runs of the experiment, which the caller must be able to edit.
func (s *Store) bulk(c *wire.Call) (bulkRequest, []*run, error) {
	in := bulkRequest{MaxRuns: maxBulkRuns}
	if err := c.Decode(&in); err != nil {
		return in, nil, err
	}
	e, err := s.experiments.Editable(c, in.ExperimentID)
	switch {
	case err != nil:
		return in, nil, err
	case in.MaxRuns < 1 || in.MaxRuns > maxBulkRuns:
		return in, nil, wire.InvalidParameter(
			"Invalid value %d for parameter 'max_runs' supplied. It must be between 1 and %d.",
			in.MaxRuns,
			maxBulkRuns,
		)
	}
	return in, s.in(e.ID).runs, nil
}

// oldest returns the chosen runs, at most limit, those with the earliest time first.
func oldest(runs []*run, limit int, time func(*run) int64, choose func(*run) bool) []*run {
	var chosen []*run
	for _, r := range runs {
		if choose(r) {
			chosen = append(chosen, r)
		}
	}
	slices.SortFunc(chosen, func(a, b *run) int { return cmp.Or(cmp.Compare(time(a), time(b)), cmp.Compare(a.id, b.id)) })
	return chosen[:min(limit, len(chosen))]
}
