package emulator

import (
	"net/url"
	"strconv"
)

// contentKind is what an experiment can hold.
type contentKind int

const (
	runs contentKind = iota
	traces
	loggedModels
)

// Answers of the content routes hold at most this many items unless the request says otherwise.
const defaultContentResults = 1000

func (w *Workspace) addContent(e *experiment, kind contentKind) string {
	id := "m-" + w.newID()
	e.content[kind] = append(e.content[kind], id)
	e.updated = w.millis()
	return id
}

// contentOf lists up to limit items of the experiments, all of which the caller must be able to read. There is no paging: these
// routes are here to tell whether an experiment is empty.
func (w *Workspace) contentOf(c *call, ids []string, kind contentKind, limit int, item func(e *experiment, id string) any) ([]any, error) {
	if len(ids) == 0 {
		return nil, required("experiment_ids")
	}
	if limit <= 0 {
		limit = defaultContentResults
	}
	items := []any{}
	for _, id := range ids {
		e, err := w.permittedExperiment(c, id, canRead)
		if err != nil {
			return nil, err
		}
		for _, content := range e.content[kind] {
			if len(items) < limit {
				items = append(items, item(e, content))
			}
		}
	}
	return items, nil
}

// answer leaves an empty list out, as a real workspace does.
func answer(field string, items []any, err error) (any, error) {
	if err != nil || len(items) == 0 {
		return empty{}, err
	}
	return map[string]any{field: items}, nil
}

func runJSON(e *experiment, id string) any {
	return map[string]any{
		"info": map[string]any{
			"run_id": id, "run_uuid": id, "experiment_id": e.id, "status": "RUNNING", "lifecycle_stage": activeStage,
			"artifact_uri": e.artifactLocation + "/" + url.PathEscape(id) + "/artifacts",
		},
		"data": empty{},
	}
}

func (w *Workspace) createRun(c *call) (any, error) {
	e, err := w.permittedExperimentInBody(c, canEdit)
	if err != nil {
		return nil, err
	}
	if e.deleted() {
		return nil, invalid("The experiment %s must be in the 'active' state. Current state is deleted.", e.id)
	}
	return map[string]any{"run": runJSON(e, w.addContent(e, runs))}, nil
}

// contentQuery is the part of the search bodies that is looked at.
type contentQuery struct {
	ExperimentIDs []string `json:"experiment_ids"`
	MaxResults    int      `json:"max_results"`
	RunViewType   string   `json:"run_view_type"`
	Locations     []struct {
		MLflowExperiment struct {
			ExperimentID string `json:"experiment_id"`
		} `json:"mlflow_experiment"`
	} `json:"locations"`
}

func (w *Workspace) searchRuns(c *call) (any, error) {
	var in contentQuery
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.RunViewType == deletedOnly {
		return empty{}, nil // a run can't be deleted here
	}
	items, err := w.contentOf(c, in.ExperimentIDs, runs, in.MaxResults, runJSON)
	return answer("runs", items, err)
}

func (w *Workspace) listTraces(c *call) (any, error) {
	query := c.URL.Query()
	limit, err := queryNumber(query, "max_results")
	if err != nil {
		return nil, err
	}
	items, err := w.contentOf(c, query["experiment_ids"], traces, limit, func(e *experiment, id string) any {
		return map[string]any{"request_id": id, "experiment_id": e.id, "status": "OK"}
	})
	return answer("traces", items, err)
}

func (w *Workspace) searchTraces(c *call) (any, error) {
	var in contentQuery
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	for _, l := range in.Locations {
		in.ExperimentIDs = append(in.ExperimentIDs, l.MLflowExperiment.ExperimentID)
	}
	items, err := w.contentOf(c, in.ExperimentIDs, traces, in.MaxResults, func(e *experiment, id string) any {
		location := map[string]any{"type": nodeExperiment, "mlflow_experiment": map[string]string{"experiment_id": e.id}}
		return map[string]any{"trace_id": id, "trace_location": location, "state": "OK"}
	})
	return answer("traces", items, err)
}

func (w *Workspace) searchLoggedModels(c *call) (any, error) {
	var in contentQuery
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	items, err := w.contentOf(c, in.ExperimentIDs, loggedModels, in.MaxResults, func(e *experiment, id string) any {
		return map[string]any{"info": map[string]any{"model_id": id, "experiment_id": e.id}}
	})
	return answer("models", items, err)
}

// queryNumber reads an optional number from the query; absent is 0.
func queryNumber(query url.Values, name string) (int, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, invalid("Invalid value '%s' for parameter '%s' supplied.", text, name)
	}
	return n, nil
}
