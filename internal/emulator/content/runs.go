package content

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// createRun serves runs/create.
func (s *Store) createRun(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string      `json:"experiment_id"`
		RunName      string      `json:"run_name"`
		UserID       string      `json:"user_id"`
		StartTime    *wire.Int64 `json:"start_time"`
		Tags         []keyValue  `json:"tags"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, err := s.writable(c, in.ExperimentID)
	if err != nil {
		return nil, err
	}
	r := &run{name: in.RunName, user: in.UserID, status: "RUNNING", created: s.now(), tags: map[string]string{}}
	for _, tag := range in.Tags {
		if err := checkTag(tag); err != nil {
			return nil, err
		}
		r.tags[tag.Key] = tag.Value
	}
	if tagged, ok := r.tags[tagRunName]; ok && in.RunName != "" && tagged != in.RunName {
		return nil, wire.InvalidParameter(
			"Both 'run_name' argument and '%s' tag are specified, but with different values (run_name='%s', %s='%s').",
			tagRunName,
			in.RunName,
			tagRunName,
			tagged,
		)
	}
	r.started = r.created
	if in.StartTime != nil {
		r.started = int64(*in.StartTime)
	}
	s.addRun(e, r)
	return map[string]any{"run": r.json()}, nil
}

// getRun serves runs/get.
func (s *Store) getRun(c *wire.Call) (any, error) {
	r, err := s.queriedRun(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"run": r.json()}, nil
}

// updateRun serves runs/update.
func (s *Store) updateRun(c *wire.Call) (any, error) {
	var in struct {
		runRef
		Status  string     `json:"status"`
		EndTime wire.Int64 `json:"end_time"`
		RunName string     `json:"run_name"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.writableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	if in.Status != "" {
		if !slices.Contains(runStatuses, in.Status) {
			return nil, wire.InvalidParameter("Invalid value '%s' for parameter 'status' supplied.", in.Status)
		}
		r.status = in.Status
	}
	if in.EndTime != 0 {
		r.ended = int64(in.EndTime)
	}
	if in.RunName != "" {
		r.rename(in.RunName)
	}
	return map[string]any{"run_info": r.info()}, nil
}

// deleteRun serves runs/delete. Deleting a deleted run is a success.
func (s *Store) deleteRun(c *wire.Call) (any, error) {
	return s.changeRun(c, func(r *run) { r.delete(s.now()) })
}

// restoreRun serves runs/restore. Restoring an active run is a success. A run of a deleted experiment is restored without the experiment.
func (s *Store) restoreRun(c *wire.Call) (any, error) {
	return s.changeRun(c, func(r *run) { r.deleted = 0 })
}

func (s *Store) changeRun(c *wire.Call, change func(*run)) (any, error) {
	var in runRef
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r, err := s.editableRun(c, in.id())
	if err != nil {
		return nil, err
	}
	change(r)
	return wire.Empty{}, nil
}
