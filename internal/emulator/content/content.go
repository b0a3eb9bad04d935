// Package content is what the experiments of an emulated workspace contain: runs, traces, and logged models, and the routes that create and
// search them.
package content

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Kind is a kind of items.
type Kind int

// The kinds of items that an experiment contains.
const (
	Runs Kind = iota
	Traces
	LoggedModels
)

// Item is a run, a trace, or a logged model. Created is in milliseconds since 1970.
type Item struct {
	ID      string
	Created int64
}

// Items are the items of one experiment, oldest first.
type Items map[Kind][]Item

// Experiment is what the routes have to know about an experiment.
type Experiment struct {
	ID, ArtifactLocation string
	Deleted              bool
	Items                Items
}

// Experiments are the experiments of a workspace. The first two methods find one by ID, a deleted one too, and return an error if the
// caller cannot read or edit it.
type Experiments interface {
	Readable(c *wire.Call, id string) (Experiment, error)
	Editable(c *wire.Call, id string) (Experiment, error)
	// AddItem adds an item to an experiment, which must exist.
	AddItem(experimentID string, kind Kind) Item
}

// Routes serves the routes of runs, traces, and logged models.
type Routes struct{ Experiments Experiments }

// Responses contain at most this many items unless the request says otherwise.
const defaultResults = 1000

// list returns up to limit items of the experiments, all of which the caller must be able to read, newest first in each. more reports
// whether there are others. There is only a first page, which is enough to check whether an experiment is empty.
func (r Routes) list(
	c *wire.Call, ids []string, kind Kind, limit int, describe func(Experiment, Item) any,
) (items []any, more bool, err error) {
	if len(ids) == 0 {
		return nil, false, wire.Required("experiment_ids")
	}
	if limit <= 0 {
		limit = defaultResults
	}
	for _, id := range ids {
		e, err := r.Experiments.Readable(c, id)
		if err != nil {
			return nil, false, err
		}
		for _, item := range slices.Backward(e.Items[kind]) {
			if len(items) == limit {
				return items, true, nil
			}
			items = append(items, describe(e, item))
		}
	}
	return items, false, nil
}

// page leaves an empty list out, as a real workspace does.
func page(field string, items []any, more bool, err error) (any, error) {
	if err != nil || len(items) == 0 {
		return wire.Empty{}, err
	}
	body := map[string]any{field: items}
	if more {
		body["next_page_token"] = "more"
	}
	return body, nil
}

// query is the part of the search bodies that is looked at.
type query struct {
	ExperimentIDs []string `json:"experiment_ids"`
	MaxResults    int      `json:"max_results"`
	RunViewType   string   `json:"run_view_type"`
	Locations     []struct {
		MLflowExperiment struct {
			ExperimentID string `json:"experiment_id"`
		} `json:"mlflow_experiment"`
	} `json:"locations"`
}
