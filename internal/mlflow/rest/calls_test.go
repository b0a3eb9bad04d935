package rest_test

import (
	"context"
	"net/http"
	"net/url"

	"golang.org/x/time/rate"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var (
	reply = mlflowtest.Reply
	page  = mlflowtest.Page
	fail  = mlflowtest.Fail
)

// newClient returns a client that sends its requests with a transport, with the documented rate limits of Databricks.
func newClient(transport http.RoundTripper, change ...func(*rest.Options)) *rest.Client {
	o := rest.Options{Endpoint: mlflowtest.Endpoint, Transport: transport}
	for _, f := range change {
		f(&o)
	}
	return rest.New(o, func(g rest.Group) rate.Limit {
		if g == rest.GroupSearch {
			return 7
		}
		return 120
	})
}

// experiment is the response of get.
type experiment struct {
	Experiment struct {
		ID           string     `json:"experiment_id"`
		CreationTime rest.Int64 `json:"creation_time"`
	} `json:"experiment"`
}

// Validate implements [rest.Response].
func (e *experiment) Validate(bool) error { return rest.CheckSame("experiment", "1", e.Experiment.ID) }

// get reads experiment 1.
func get(ctx context.Context, c *rest.Client) (experiment, error) {
	var out experiment
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/2.0/mlflow/experiments/get", Query: url.Values{"experiment_id": {"1"}}, Out: &out,
		Group: rest.GroupOther,
	})
	return out, err
}

// created is the response of createOnce.
type created struct {
	ID string `json:"experiment_id"`
}

// Validate implements [rest.Response].
func (a *created) Validate(bool) error { return rest.CheckSame("experiment_id", "1", a.ID) }

// createOnce sends a call whose effect must not be repeated.
func createOnce(ctx context.Context, c *rest.Client) error {
	return c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: "/api/2.0/mlflow/experiments/create", Body: map[string]string{"name": "/x"}, Out: &created{},
		Group: rest.GroupOther, NotIdempotent: true,
	})
}

// setTag sends a call that returns nothing.
func setTag(ctx context.Context, c *rest.Client) error {
	return c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: "/api/2.0/mlflow/experiments/set-experiment-tag",
		Body: map[string]string{"experiment_id": "1", "key": "k", "value": "v"}, Group: rest.GroupOther,
	})
}

// list is a page of a search.
type list struct {
	Experiments   []any  `json:"experiments"`
	NextPageToken string `json:"next_page_token"`
}

// Validate implements [rest.Response].
func (l *list) Validate(empty bool) error {
	return rest.CheckPage(l.Experiments != nil, empty, l.NextPageToken, "experiments")
}

// search sends a call of another group.
func search(ctx context.Context, c *rest.Client) (list, error) {
	var out list
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: "/api/2.0/mlflow/experiments/search", Body: map[string]int{"max_results": 1000}, Out: &out,
		Group: rest.GroupSearch, Page: true,
	})
	return out, err
}
