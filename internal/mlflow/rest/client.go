// Package rest sends the calls of a REST API, with retries, rate limits, validation of responses, and typed errors. It recognizes the error
// responses of servers of the MLflow API, but does not know experiments.
package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"
)

// Defaults of [Options.HTTPTimeout] and [Options.RetryTimeout].
const (
	DefaultHTTPTimeout  = 60 * time.Second
	DefaultRetryTimeout = 5 * time.Minute
)

// Endpoint is the URL of a server, and the ID of its Databricks workspace.
type Endpoint struct {
	// BaseURL has no trailing slash; API paths are appended to it.
	BaseURL *url.URL
	// WorkspaceID is the ID of the Databricks workspace, "" if it is unknown or the server is not Databricks.
	WorkspaceID string
}

// Options configure a [Client].
type Options struct {
	// Endpoint returns the URL of the server. It is called before each call and must cache its result: the first call may read files
	// and send requests, under the context of the call.
	Endpoint func(ctx context.Context) (Endpoint, error)
	// Transport adds authentication and the user agent, and sends one request.
	Transport http.RoundTripper
	// HTTPTimeout is the maximum time of one attempt, including the response; 0 means [DefaultHTTPTimeout].
	HTTPTimeout time.Duration
	// RetryTimeout is the maximum time of all attempts of one call; 0 means [DefaultRetryTimeout].
	RetryTimeout time.Duration
	// RateLimit is the maximum number of requests per second; 0 means no limit.
	RateLimit float64
	// Advice returns the next step after a failed connection, "" if there is none; nil means no advice.
	Advice func(error) string
	// Secrets returns the passwords and tokens in use, which must never be shown although a server may return them; nil means none.
	Secrets func() []string
	// Log is called after each attempt; nil means no log.
	Log func(ctx context.Context, e Exchange)
}

// Client sends the calls of an API to one server. It is safe for concurrent use.
type Client struct {
	// header is sent with each request.
	header http.Header
	*connection
}

// connection is what the clients of one server share.
type connection struct {
	options   Options
	throttles throttles
	// responded is set by the first response: a host that never responded is more likely wrong than down.
	responded atomic.Bool
	// accepted is set by the first success: the credentials are valid, so a later rejection applies only to that call.
	accepted atomic.Bool
	// refused is set when the credentials are rejected: no further request is sent.
	refused atomic.Pointer[NotSentError]
}

// New returns a client. It sends no request. documented returns the request rate of a group of calls, in requests per second, to which the
// client limits the group after the server rate-limited one of its requests.
func New(o Options, documented func(Group) rate.Limit) *Client {
	if o.HTTPTimeout == 0 {
		o.HTTPTimeout = DefaultHTTPTimeout
	}
	if o.RetryTimeout == 0 {
		o.RetryTimeout = DefaultRetryTimeout
	}
	if o.Advice == nil {
		o.Advice = func(error) string { return "" }
	}
	if o.Secrets == nil {
		o.Secrets = func() []string { return nil }
	}
	if o.Log == nil {
		o.Log = func(context.Context, Exchange) {}
	}
	return &Client{connection: &connection{options: o, throttles: newThrottles(documented, o.RateLimit)}}
}

// WithHeader returns a client of the same server that sends a header with each request. It shares rate limits and the state of the
// credentials.
func (c *Client) WithHeader(header http.Header) *Client {
	return &Client{header: header, connection: c.connection}
}

// Endpoint returns the URL of the server.
func (c *Client) Endpoint(ctx context.Context) (Endpoint, error) { return c.options.Endpoint(ctx) }

// Do sends a call with retries, and decodes and validates the response. Errors: *[APIError] if the server rejected the call or returned an
// invalid response, *[UnreachableError] if there was no complete response, *[NotSentError] if the credentials were rejected before, and the
// errors of [Options].Endpoint.
func (c *Client) Do(ctx context.Context, cl Call) error {
	if refused := c.refused.Load(); refused != nil {
		return refused
	}
	err := c.send(ctx, cl)
	if err == nil {
		c.accepted.Store(true)
	}
	if c.accepted.Load() || !credentialsRefused(err) || c.refused.CompareAndSwap(nil, &NotSentError{Refusal: err}) {
		return err
	}
	// A concurrent request was rejected first, and its error contains the advice.
	if e, ok := asAPIError(err); ok {
		again := *e
		again.Hint = ""
		return &again
	}
	return c.refused.Load()
}

// HasDotSegment reports whether a path has an element "." or "..".
func HasDotSegment(p string) bool {
	return slices.ContainsFunc(strings.Split(p, "/"), func(segment string) bool { return segment == "." || segment == ".." })
}

// credentialsRefused reports whether the server rejected the credentials, or the connection has no valid ones.
func credentialsRefused(err error) bool {
	var own interface{ CredentialsRefused() bool }
	return IsUnauthenticated(err) || errors.As(err, &own) && own.CredentialsRefused()
}

// send sends a call regardless of earlier failures.
func (c *Client) send(ctx context.Context, cl Call) error {
	endpoint, err := c.options.Endpoint(ctx)
	if err != nil {
		return err
	}
	req, err := c.request(ctx, endpoint, cl)
	if err != nil {
		return err
	}
	a := &attempts{client: c, call: cl, start: time.Now()}
	retrying := retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: a},
		RetryMax:     math.MaxInt - 1, // the time decides, not the count
		CheckRetry:   a.checkRetry,
		Backoff:      a.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := retrying.Do(req)
	if err != nil {
		return a.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return a.decode(resp)
}

// request builds the request of a call.
func (c *Client) request(ctx context.Context, endpoint Endpoint, cl Call) (*retryablehttp.Request, error) {
	if HasDotSegment(cl.Path) {
		return nil, fmt.Errorf("%s is not a path of the API: an ID in it is \".\" or \"..\"", cl.Path)
	}
	u := strings.TrimSuffix(endpoint.BaseURL.String(), "/") + cl.Path
	if len(cl.Query) > 0 {
		u += "?" + cl.Query.Encode()
	}
	var body any
	if cl.Body != nil {
		data, err := json.Marshal(cl.Body)
		if err != nil {
			return nil, fmt.Errorf("encoding request to %s: %w", cl.Path, err)
		}
		body = data
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, cl.Method, u, body)
	if err != nil {
		return nil, err
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}
