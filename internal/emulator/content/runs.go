package content

import (
	"net/url"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

func runJSON(e Experiment, run Item) any {
	return map[string]any{
		"info": map[string]any{
			"run_id": run.ID, "run_uuid": run.ID, "experiment_id": e.ID, "status": "RUNNING", "lifecycle_stage": "active",
			"start_time": run.Created, "artifact_uri": e.ArtifactLocation + "/" + url.PathEscape(run.ID) + "/artifacts",
		},
		"data": wire.Empty{},
	}
}

// CreateRun serves runs/create.
func (r Routes) CreateRun(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string `json:"experiment_id"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, err := r.Experiments.Editable(c, in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if e.Deleted {
		return nil, wire.Invalid("The experiment %s must be in the 'active' state. Current state is deleted.", e.ID)
	}
	return map[string]any{"run": runJSON(e, r.Experiments.AddItem(e.ID, Runs))}, nil
}

// SearchRuns serves runs/search.
func (r Routes) SearchRuns(c *wire.Call) (any, error) {
	var in query
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if in.RunViewType == "DELETED_ONLY" {
		return wire.Empty{}, nil // a run can't be deleted here
	}
	items, more, err := r.list(c, in.ExperimentIDs, Runs, in.MaxResults, runJSON)
	return page("runs", items, more, err)
}
