// Package connection resolves the settings of the provider and environment variables to a connection: the kind of the server, its URL,
// and a transport that authenticates each request. It depends neither on Terraform nor on the MLflow API.
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

// Kind is the kind of a server.
type Kind string

const (
	// Databricks is a Databricks workspace.
	Databricks Kind = "databricks"
	// Server is an open-source MLflow server.
	Server Kind = "mlflow"
)

// Target is the destination of requests.
type Target struct {
	// BaseURL has neither a trailing slash nor credentials.
	BaseURL *url.URL
	// WorkspaceID is the ID of the Databricks workspace, "" if it is unknown, and for an MLflow server.
	WorkspaceID string
}

// Connection is a connection to one server. It is safe for concurrent use.
type Connection struct {
	Kind Kind
	// Resolve returns the destination of requests. The first call can read files, run a command, and send requests. Only success is cached.
	// Concurrent callers share one attempt, and each stops waiting when its own context ends.
	Resolve func(ctx context.Context) (Target, error)
	// Transport authenticates requests to the target. It returns an [*Error] for a request to another host.
	Transport http.RoundTripper
	// Username is the configured username for an MLflow server, or "".
	Username string
	// Workspace is the configured workspace of an MLflow server, or "".
	Workspace string
	// Secrets returns all secrets that the connection has or has sent, the longest first, for redaction of responses. It sends no
	// request, and its result must not be changed.
	Secrets func() []string
	// Warnings are about settings that are accepted.
	Warnings []Warning
}

// Warning is a warning about a setting that is accepted, with the fields of [Error].
type Warning struct{ Attribute, Summary, Detail string }

// Error is an error of a setting or of credentials, with the summary and detail of the diagnostic, which contain no secrets. Attribute is
// the name of the provider argument, "" if the cause is not one.
type Error struct{ Attribute, Summary, Detail string }

// Error implements error.
func (e *Error) Error() string { return e.Summary + ": " + e.Detail }

// Permanent reports that another try cannot succeed. Errors that can be temporary were already retried.
func (e *Error) Permanent() bool { return true }

// CredentialsError is an [*Error] of credentials that were rejected, or that could not be obtained as configured. Each further request
// would fail with it.
type CredentialsError struct{ Reason *Error }

// Error implements error.
func (e *CredentialsError) Error() string { return e.Reason.Error() }

// Unwrap returns the [*Error].
func (e *CredentialsError) Unwrap() error { return e.Reason }

// CredentialsRefused reports that no further request can be authenticated.
func (e *CredentialsError) CredentialsRefused() bool { return true }

// Open selects the server, and checks the settings without sending a request. Errors: one [*Error], or several that are joined.
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
