package content

import "github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"

// ListTraces serves GET traces, the older of the two searches.
func (r Routes) ListTraces(c *wire.Call) (any, error) {
	q := c.URL.Query()
	limit, err := wire.QueryNumber(q, "max_results")
	if err != nil {
		return nil, err
	}
	items, more, err := r.list(c, q["experiment_ids"], Traces, limit, func(e Experiment, item Item) any {
		return map[string]any{"request_id": item.ID, "experiment_id": e.ID, "status": "OK"}
	})
	return page("traces", items, more, err)
}

// SearchTraces serves traces/search.
func (r Routes) SearchTraces(c *wire.Call) (any, error) {
	var in query
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	for _, l := range in.Locations {
		in.ExperimentIDs = append(in.ExperimentIDs, l.MLflowExperiment.ExperimentID)
	}
	items, more, err := r.list(c, in.ExperimentIDs, Traces, in.MaxResults, func(e Experiment, item Item) any {
		location := map[string]any{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": map[string]string{"experiment_id": e.ID}}
		return map[string]any{"trace_id": item.ID, "trace_location": location, "state": "OK"}
	})
	return page("traces", items, more, err)
}

// SearchLoggedModels serves logged-models/search.
func (r Routes) SearchLoggedModels(c *wire.Call) (any, error) {
	var in query
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	items, more, err := r.list(c, in.ExperimentIDs, LoggedModels, in.MaxResults, func(e Experiment, item Item) any {
		return map[string]any{"info": map[string]any{"model_id": item.ID, "experiment_id": e.ID}}
	})
	return page("models", items, more, err)
}
