package content

import (
	"cmp"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// maxBulkRuns is how many runs one call deletes or restores at most, and the default of max_runs.
const maxBulkRuns = 10_000

// deleteRuns serves delete-runs: it deletes active runs that were created at or before a time, oldest first.
func (s *Store) deleteRuns(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string      `json:"experiment_id"`
		Until        *wire.Int64 `json:"max_timestamp_millis"`
		MaxRuns      *wire.Int64 `json:"max_runs"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, limit, err := s.bulk(c, in.ExperimentID, in.MaxRuns)
	if err != nil {
		return nil, err
	}
	if in.Until == nil {
		return nil, wire.Required("max_timestamp_millis")
	}
	created := func(r *run) int64 { return r.created }
	chosen := oldest(s.in(e.ID).runs, limit, created, func(r *run) bool { return r.deleted == 0 && r.created <= int64(*in.Until) })
	for _, r := range chosen {
		r.delete(s.now())
	}
	return struct {
		Deleted int `json:"runs_deleted,omitempty"`
	}{len(chosen)}, nil
}

// restoreRuns serves restore-runs: it restores runs that were deleted at or after a time, those that were deleted first.
func (s *Store) restoreRuns(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string      `json:"experiment_id"`
		From         *wire.Int64 `json:"min_timestamp_millis"`
		MaxRuns      *wire.Int64 `json:"max_runs"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, limit, err := s.bulk(c, in.ExperimentID, in.MaxRuns)
	if err != nil {
		return nil, err
	}
	if in.From == nil {
		return nil, wire.Required("min_timestamp_millis")
	}
	deleted := func(r *run) int64 { return r.deleted }
	chosen := oldest(s.in(e.ID).runs, limit, deleted, func(r *run) bool { return r.deleted != 0 && r.deleted >= int64(*in.From) })
	for _, r := range chosen {
		r.deleted = 0
	}
	return struct {
		Restored int `json:"runs_restored,omitempty"`
	}{len(chosen)}, nil
}

// bulk finds the experiment, which the caller must be able to edit, and how many runs one call changes at most.
func (s *Store) bulk(c *wire.Call, experimentID string, maxRuns *wire.Int64) (Experiment, int, error) {
	e, err := s.experiments.Editable(c, experimentID)
	switch {
	case err != nil:
		return e, 0, err
	case maxRuns == nil:
		return e, maxBulkRuns, nil
	case *maxRuns < 1 || *maxRuns > maxBulkRuns:
		return e, 0, wire.Invalid("Invalid value %d for parameter 'max_runs' supplied. It must be between 1 and %d.", *maxRuns, maxBulkRuns)
	}
	return e, int(*maxRuns), nil
}

// oldest returns at most limit of the runs that are chosen, by a time.
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
