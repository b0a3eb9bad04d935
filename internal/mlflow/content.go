package mlflow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// runsCounted is the number of runs that [Client.ExperimentContent] asks for. With their metrics and parameters, runs are large.
const runsCounted = 100

// Content is what an experiment contains.
type Content struct {
	// Runs is the number of active runs on the first page of a search, and MoreRuns reports whether there are more.
	Runs     int
	MoreRuns bool
	// NewestRun is when the newest run started. It is zero if the server does not return it.
	NewestRun time.Time
	// Traces and LoggedModels report whether there is at least one.
	Traces, LoggedModels bool
}

// contentPage is a page of what an experiment contains. Each search fills one of the lists.
type contentPage struct {
	Runs []struct {
		Info struct {
			StartTime rest.Int64 `json:"start_time"`
		} `json:"info"`
	} `json:"runs"`
	Traces        []json.RawMessage `json:"traces"`
	Models        []json.RawMessage `json:"models"`
	NextPageToken string            `json:"next_page_token"`
}

// Validate implements [rest.Response].
func (p *contentPage) Validate(empty bool) error {
	return rest.CheckPage(p.Runs != nil || p.Traces != nil || p.Models != nil, empty, p.NextPageToken, "runs, traces, or models")
}

// IsEmpty reports whether there is nothing.
func (c Content) IsEmpty() bool { return c == Content{} }

// String lists what there is, as part of a sentence: "at least 100 runs (newest started at 2026-03-05T12:00:00Z) and traces".
func (c Content) String() string {
	var parts []string
	if runs := c.describeRuns(); runs != "" {
		parts = append(parts, runs)
	}
	if c.Traces {
		parts = append(parts, "traces")
	}
	if c.LoggedModels {
		parts = append(parts, "logged models")
	}
	switch len(parts) {
	case 0:
		return "nothing"
	case 3:
		return parts[0] + ", " + parts[1] + ", and " + parts[2]
	default:
		return strings.Join(parts, " and ")
	}
}

// ExperimentContent reports whether an experiment contains active runs, traces, or logged models. A server without the call for traces or logged
// models has none; any other error means that it could not be told.
// API: POST runs/search, POST traces/search (3.0) or GET traces (2.0), POST logged-models/search.
func (c *Client) ExperimentContent(ctx context.Context, id string) (Content, error) {
	var content Content
	for _, probe := range []struct {
		what     string
		look     func(context.Context, string, *Content) error
		optional bool // older servers have no such call
	}{
		{"runs", c.countRuns, false},
		{"traces", c.findTraces, true},
		{"logged models", c.findLoggedModels, true},
	} {
		err := probe.look(ctx, id, &content)
		if err != nil && (!probe.optional || !rest.IsEndpointAbsent(err) || rest.IsFromProxy(err)) {
			return content, fmt.Errorf("searching %s: %w", probe.what, err)
		}
	}
	return content, nil
}

func (c Content) describeRuns() string {
	var runs string
	switch {
	case c.Runs == 0 && !c.MoreRuns:
		return ""
	case c.Runs == 0:
		runs = "runs"
	case c.Runs == 1:
		runs = "1 run"
	default:
		runs = fmt.Sprintf("%d runs", c.Runs)
	}
	if c.Runs > 0 && c.MoreRuns {
		runs = "at least " + runs
	}
	if !c.NewestRun.IsZero() {
		runs += fmt.Sprintf(" (newest started at %s)", c.NewestRun.UTC().Format(time.RFC3339))
	}
	return runs
}

// hasAny reports whether something is listed, or would be on the next page.
func (p *contentPage) hasAny() bool {
	return len(p.Runs)+len(p.Traces)+len(p.Models) > 0 || p.NextPageToken != ""
}

// countRuns counts the first page. It is in the default order, newest first.
func (c *Client) countRuns(ctx context.Context, id string, content *Content) error {
	var out contentPage
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: runsPath + "search",
		Body:  map[string]any{"experiment_ids": []string{id}, "run_view_type": "ACTIVE_ONLY", "max_results": runsCounted},
		Out:   &out,
		Group: rest.GroupSearch,
		Page:  true,
	})
	content.Runs, content.MoreRuns = len(out.Runs), out.NextPageToken != ""
	for _, run := range out.Runs {
		if started := timeFromMillis(run.Info.StartTime); started.After(content.NewestRun) {
			content.NewestRun = started
		}
	}
	return err
}

func (c *Client) findTraces(ctx context.Context, id string, content *Content) error {
	var out contentPage
	location := map[string]any{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": map[string]string{"experiment_id": id}}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: "/api/3.0/mlflow/traces/search",
		Body:  map[string]any{"locations": []any{location}, "max_results": 1},
		Out:   &out,
		Group: rest.GroupSearch,
	})
	if rest.IsEndpointAbsent(err) {
		err = c.Do(ctx, rest.Call{
			Method: http.MethodGet, Path: "/api/2.0/mlflow/traces",
			Query: url.Values{"experiment_ids": {id}, "max_results": {"1"}}, Out: &out, Group: rest.GroupSearch,
		})
	}
	content.Traces = out.hasAny()
	return err
}

func (c *Client) findLoggedModels(ctx context.Context, id string, content *Content) error {
	var out contentPage
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: "/api/2.0/mlflow/logged-models/search",
		Body:  map[string]any{"experiment_ids": []string{id}, "max_results": 1},
		Out:   &out,
		Group: rest.GroupSearch,
	})
	content.LoggedModels = out.hasAny()
	return err
}
