package emulator

import (
	"net/url"
	"slices"
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

// contentItem is a run, a trace, or a logged model.
type contentItem struct {
	id      string
	created int64 // milliseconds since 1970
}

func (w *Workspace) addContent(e *experiment, kind contentKind) contentItem {
	item := contentItem{"m-" + w.newID(), w.millis()}
	e.content[kind] = append(e.content[kind], item)
	e.updated = item.created
	return item
}

// contentOf lists up to limit items of the experiments, all of which the caller must be able to read, newest first in each. more reports whether
// there are others. No page but the first can be read: these routes are here to tell whether an experiment is empty.
func (w *Workspace) contentOf(
	c *call, ids []string, kind contentKind, limit int, describe func(*experiment, contentItem) any,
) (items []any, more bool, err error) {
	if len(ids) == 0 {
		return nil, false, required("experiment_ids")
	}
	if limit <= 0 {
		limit = defaultContentResults
	}
	for _, id := range ids {
		e, err := w.permittedExperiment(c, id, canRead)
		if err != nil {
			return nil, false, err
		}
		for _, item := range slices.Backward(e.content[kind]) {
			if len(items) == limit {
				return items, true, nil
			}
			items = append(items, describe(e, item))
		}
	}
	return items, false, nil
}

// answer leaves an empty list out, as a real workspace does.
func answer(field string, items []any, more bool, err error) (any, error) {
	if err != nil || len(items) == 0 {
		return empty{}, err
	}
	page := map[string]any{field: items}
	if more {
		page["next_page_token"] = "more"
	}
	return page, nil
}

func runJSON(e *experiment, run contentItem) any {
	return map[string]any{
		"info": map[string]any{
			"run_id": run.id, "run_uuid": run.id, "experiment_id": e.id, "status": "RUNNING", "lifecycle_stage": activeStage,
			"start_time": run.created, "artifact_uri": e.artifactLocation + "/" + url.PathEscape(run.id) + "/artifacts",
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
	items, more, err := w.contentOf(c, in.ExperimentIDs, runs, in.MaxResults, runJSON)
	return answer("runs", items, more, err)
}

func (w *Workspace) listTraces(c *call) (any, error) {
	query := c.URL.Query()
	limit, err := queryNumber(query, "max_results")
	if err != nil {
		return nil, err
	}
	items, more, err := w.contentOf(c, query["experiment_ids"], traces, limit, func(e *experiment, item contentItem) any {
		return map[string]any{"request_id": item.id, "experiment_id": e.id, "status": "OK"}
	})
	return answer("traces", items, more, err)
}

func (w *Workspace) searchTraces(c *call) (any, error) {
	var in contentQuery
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	for _, l := range in.Locations {
		in.ExperimentIDs = append(in.ExperimentIDs, l.MLflowExperiment.ExperimentID)
	}
	items, more, err := w.contentOf(c, in.ExperimentIDs, traces, in.MaxResults, func(e *experiment, item contentItem) any {
		location := map[string]any{"type": nodeExperiment, "mlflow_experiment": map[string]string{"experiment_id": e.id}}
		return map[string]any{"trace_id": item.id, "trace_location": location, "state": "OK"}
	})
	return answer("traces", items, more, err)
}

func (w *Workspace) searchLoggedModels(c *call) (any, error) {
	var in contentQuery
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	items, more, err := w.contentOf(c, in.ExperimentIDs, loggedModels, in.MaxResults, func(e *experiment, item contentItem) any {
		return map[string]any{"info": map[string]any{"model_id": item.id, "experiment_id": e.id}}
	})
	return answer("models", items, more, err)
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
