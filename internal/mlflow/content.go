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

// HasContent reports whether an experiment contains active runs, traces, or logged models. A server without the call for traces or logged
// models has none; any other error means that it could not be told.
// API: POST runs/search, POST traces/search (3.0) or GET traces (2.0), POST logged-models/search.
func (c *Client) HasContent(ctx context.Context, id string) (Content, error) {
	var content Content
	for _, probe := range []struct {
		found    *bool
		what     string
		has      func(context.Context, string) (bool, error)
		optional bool // older servers have no such call
	}{
		{&content.Runs, "runs", c.hasRuns, false},
		{&content.Traces, "traces", c.hasTraces, true},
		{&content.LoggedModels, "logged models", c.hasLoggedModels, true},
	} {
		has, err := probe.has(ctx, id)
		if err != nil && (!probe.optional || !IsEndpointAbsent(err) || isForeign(err)) {
			return content, fmt.Errorf("look for %s: %w", probe.what, err)
		}
		*probe.found = has
	}
	return content, nil
}

// contentPage is a page of what an experiment contains. Each search fills one of the lists.
type contentPage struct {
	Runs          []json.RawMessage `json:"runs"`
	Traces        []json.RawMessage `json:"traces"`
	Models        []json.RawMessage `json:"models"`
	NextPageToken string            `json:"next_page_token"`
}

// usable implements [answer].
func (p *contentPage) usable(empty bool) error {
	return checkPage(p.Runs != nil || p.Traces != nil || p.Models != nil, empty, p.NextPageToken, "runs, traces, or models")
}

// hasAny reports whether something is listed, or would be on the next page.
func (p *contentPage) hasAny() bool {
	return len(p.Runs)+len(p.Traces)+len(p.Models) > 0 || p.NextPageToken != ""
}

func (c *Client) hasRuns(ctx context.Context, id string) (bool, error) {
	var out contentPage
	err := c.do(ctx, call{
		method: http.MethodPost, path: "/api/2.0/mlflow/runs/search",
		body:  map[string]any{"experiment_ids": []string{id}, "run_view_type": "ACTIVE_ONLY", "max_results": 1},
		out:   &out,
		group: GroupSearch,
	})
	return out.hasAny(), err
}

func (c *Client) hasTraces(ctx context.Context, id string) (bool, error) {
	var out contentPage
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
	return out.hasAny(), err
}

func (c *Client) hasLoggedModels(ctx context.Context, id string) (bool, error) {
	var out contentPage
	err := c.do(ctx, call{
		method: http.MethodPost, path: "/api/2.0/mlflow/logged-models/search",
		body:  map[string]any{"experiment_ids": []string{id}, "max_results": 1},
		out:   &out,
		group: GroupSearch,
	})
	return out.hasAny(), err
}
