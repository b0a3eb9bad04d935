// Package mlflowtest supports tests of the MLflow client: servers with scripted responses, recorded responses of real MLflow servers, and
// checks of results.
package mlflowtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Endpoint returns the server URL of the tests, to which no request is sent.
func Endpoint(context.Context) (rest.Endpoint, error) {
	return rest.Endpoint{BaseURL: &url.URL{Scheme: "http", Host: "mlflow.test"}}, nil
}

// RoundTripFunc is a function that implements [http.RoundTripper].
type RoundTripFunc func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f RoundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Client returns a client that sends its requests with a transport.
func Client(transport http.RoundTripper, backend mlflow.Backend, change ...func(*mlflow.Options)) *mlflow.Client {
	o := mlflow.Options{Backend: backend, Options: rest.Options{Endpoint: Endpoint, Transport: transport}}
	for _, f := range change {
		f(&o)
	}
	return mlflow.New(o)
}

// ShortRetryTimeout sets the retry timeout to five seconds.
func ShortRetryTimeout(o *mlflow.Options) { o.RetryTimeout = 5 * time.Second }

// bearer authenticates with a token.
type bearer string

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(req)
}

// Workspace starts an in-memory workspace that emulates Databricks, and returns it with a client of a workspace admin.
func Workspace(t *testing.T, o emulator.Options, change ...func(*mlflow.Options)) (*emulator.Workspace, *mlflow.Client) {
	t.Helper()
	w := emulator.New(o)
	return w, Connect(t, w, emulator.AdminToken, change...)
}

// Connect serves an in-memory workspace until the test ends, and returns a client that authenticates with a token.
func Connect(t *testing.T, w *emulator.Workspace, token string, change ...func(*mlflow.Options)) *mlflow.Client {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	at := func(o *mlflow.Options) {
		o.Endpoint = func(context.Context) (rest.Endpoint, error) { return rest.Endpoint{BaseURL: base}, nil }
		o.RetryTimeout = 10 * time.Second
	}
	return Client(bearer(token), databricks.Backend{}, append([]func(*mlflow.Options){at}, change...)...)
}
