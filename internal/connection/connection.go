// Package connection turns the provider's settings and the environment into a connection to an MLflow backend: which
// kind it is, where it is, and a transport that authenticates each request. It knows neither Terraform nor MLflow's API.
package connection

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	defaultHTTPTimeout  = 60 * time.Second
	defaultRetryTimeout = 5 * time.Minute
)

// Kind is the kind of backend at the other end.
type Kind string

const (
	// Databricks is MLflow as hosted in a Databricks workspace.
	Databricks Kind = "databricks"
	// Server is an open-source MLflow tracking server.
	Server Kind = "mlflow"
)

// Target is where requests go.
type Target struct {
	// BaseURL has neither a trailing slash nor credentials.
	BaseURL *url.URL
	// WorkspaceID is the id of the Databricks workspace as far as known, "" on an MLflow server.
	WorkspaceID string
}

// Connection is what the API client needs to reach one backend. It is safe for concurrent use.
type Connection struct {
	Kind Kind
	// Resolve tells where the backend is. The first call may read files, run a command and use the network. Success is
	// cached, failure is not; callers share one attempt, and each waits under its own context only.
	Resolve func(ctx context.Context) (Target, error)
	// Transport authenticates requests to the target and refuses, with an [*Error], to send any to another host.
	Transport http.RoundTripper
	// Username is the configured user name of an MLflow server, or "".
	Username string
	// Workspace is the configured workspace of an MLflow server, or "".
	Workspace string
	// Secrets returns every secret that the connection holds or has sent so far, the longest first, to cut them out of what a server
	// sends back. It is cheap, and its result must not be changed.
	Secrets func() []string
	// Warnings are for the person who wrote the settings.
	Warnings []Warning
}

// Warning is advice about a setting that is accepted. Attribute is the provider attribute's name, "" when none is at
// fault.
type Warning struct{ Attribute, Summary, Detail string }

// Error is a setting or a credential that does not work. Attribute is the provider attribute's name, "" when none is at
// fault. No text holds a secret.
type Error struct{ Attribute, Summary, Detail string }

// Error implements error.
func (e *Error) Error() string { return e.Summary + ": " + e.Detail }

// Permanent tells a client that trying again does not help; what may pass was retried already.
func (e *Error) Permanent() bool { return true }

// CredentialsError is an [*Error] of credentials that were rejected, or that could not be had from where the settings say. The next
// request would meet the same.
type CredentialsError struct{ Reason *Error }

// Error implements error.
func (e *CredentialsError) Error() string { return e.Reason.Error() }

// Unwrap returns the [*Error].
func (e *CredentialsError) Unwrap() error { return e.Reason }

// CredentialsRefused tells a client that no request can be authenticated any more.
func (e *CredentialsError) CredentialsRefused() bool { return true }

// Open chooses the backend and checks the settings as far as that needs no network. Errors are of type [*Error];
// several come joined.
func Open(s Settings) (*Connection, error) {
	if s.Getenv == nil {
		s.Getenv = os.Getenv
	}
	if s.HTTPTimeout < 0 || s.RetryTimeout < 0 {
		return nil, negativeTimeoutError(s)
	}
	if s.HTTPTimeout == 0 {
		s.HTTPTimeout = defaultHTTPTimeout
	}
	if s.RetryTimeout == 0 {
		s.RetryTimeout = defaultRetryTimeout
	}
	s, err := s.normalized()
	if err != nil {
		return nil, err
	}
	uri, err := selectServer(s)
	if err != nil {
		return nil, err
	}
	if uri.kind == Server {
		return openServer(s, uri)
	}
	return openDatabricks(s, uri.profile)
}

func negativeTimeoutError(s Settings) error {
	attribute := "http_timeout_seconds"
	if s.HTTPTimeout >= 0 {
		attribute = "retry_timeout_seconds"
	}
	return &Error{attribute, "Invalid timeout", attribute + " must be a positive number of seconds."}
}
