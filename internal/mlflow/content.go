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

// runsCounted is the maximum number of runs that [Client.ExperimentContent] reads: with their metrics and parameters, runs are large.
const runsCounted = 100

// Content summarizes the content of an experiment.
type Content struct {
	// Runs is the number of active runs on the first page of a search, and MoreRuns reports whether there are more.
	Runs     int
	MoreRuns bool
	// NewestRun is the start time of the newest run, zero if the server does not return it.
	NewestRun time.Time
	// Traces and LoggedModels report whether there is at least one.
	Traces, LoggedModels bool
}

// contentPage is a page of a search for runs, traces, or logged models. Only one of the lists is set.
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

// IsEmpty reports whether the experiment has no content.
func (c Content) IsEmpty() bool { return c == Content{} }

// String describes the content as part of a sentence: "at least 100 runs (newest started at 2026-03-05T12:00:00Z) and traces".
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

// ExperimentContent summarizes the active runs, traces, and logged models of an experiment. A server without the endpoints for
// traces or logged models has none of them. API: POST runs/search, POST traces/search (3.0) or GET traces (2.0), POST
// logged-models/search.
func (c *Client) ExperimentContent(ctx context.Context, id string) (Content, error) {
	var content Content
	for _, probe := range []struct {
		what     string
		look     func(context.Context, string, *Content) error
		optional bool // older servers do not have the endpoint
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

// hasAny reports whether the page has an entry, or a token for a next page.
func (p *contentPage) hasAny() bool {
	return len(p.Runs)+len(p.Traces)+len(p.Models) > 0 || p.NextPageToken != ""
}

// countRuns counts the runs of the first page, in the default order, newest first.
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
