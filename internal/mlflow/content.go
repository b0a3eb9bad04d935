package mlflow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Content tells what an experiment holds. Each field is true when there is at least one.
type Content struct {
	Runs, Traces, LoggedModels bool
}

// HasContent tells whether an experiment holds active runs, traces or logged models. A server that has no such call has no such
// thing; any other error means that it could not be told.
// API: POST runs/search, POST traces/search (3.0) or GET traces (2.0), POST logged-models/search.
func (c *Client) HasContent(ctx context.Context, id string) (Content, error) {
	var content Content
	for _, probe := range []struct {
		found *bool
		what  string
		has   func(context.Context, string) (bool, error)
	}{
		{&content.Runs, "runs", c.hasRuns},
		{&content.Traces, "traces", c.hasTraces},
		{&content.LoggedModels, "logged models", c.hasLoggedModels},
	} {
		has, err := probe.has(ctx, id)
		if err != nil && !IsEndpointAbsent(err) {
			return content, fmt.Errorf("look for %s: %w", probe.what, err)
		}
		*probe.found = has
	}
	return content, nil
}

func (c *Client) hasRuns(ctx context.Context, id string) (bool, error) {
	var out struct {
		Runs []json.RawMessage `json:"runs"`
	}
	err := c.do(ctx, call{
		method: http.MethodPost, path: "/api/2.0/mlflow/runs/search",
		body:  map[string]any{"experiment_ids": []string{id}, "run_view_type": "ACTIVE_ONLY", "max_results": 1},
		out:   &out,
		group: GroupSearch,
	})
	return len(out.Runs) > 0, err
}

func (c *Client) hasTraces(ctx context.Context, id string) (bool, error) {
	var out struct {
		Traces []json.RawMessage `json:"traces"`
	}
	location := map[string]any{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": map[string]string{"experiment_id": id}}
	err := c.do(ctx, call{
		method: http.MethodPost, path: "/api/3.0/mlflow/traces/search",
		body:  map[string]any{"locations": []any{location}, "max_results": 1},
		out:   &out,
		group: GroupSearch,
	})
	if IsEndpointAbsent(err) {
		err = c.do(ctx, call{
			method: http.MethodGet, path: "/api/2.0/mlflow/traces",
			query: url.Values{"experiment_ids": {id}, "max_results": {"1"}}, out: &out, group: GroupSearch,
		})
	}
	return len(out.Traces) > 0, err
}

func (c *Client) hasLoggedModels(ctx context.Context, id string) (bool, error) {
	var out struct {
		Models []json.RawMessage `json:"models"`
	}
	err := c.do(ctx, call{
		method: http.MethodPost, path: "/api/2.0/mlflow/logged-models/search",
		body:  map[string]any{"experiment_ids": []string{id}, "max_results": 1},
		out:   &out,
		group: GroupSearch,
	})
	return len(out.Models) > 0, err
}
