// Package rest makes the calls of a REST API: one call with its retries, the limits of the server and of the user, the checks of what is
// answered, and the errors. It knows how the servers of the MLflow API word their refusals, and nothing of experiments.
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

// Defaults of [Options].
const (
	DefaultHTTPTimeout  = 60 * time.Second
	DefaultRetryTimeout = 5 * time.Minute
)

// Endpoint is where a server is reached.
type Endpoint struct {
	// BaseURL has no trailing slash; API paths are appended to it.
	BaseURL *url.URL
	// WorkspaceID is the Databricks workspace id, "" when unknown or not on Databricks.
	WorkspaceID string
}

// Options configure a [Client].
type Options struct {
	// Endpoint is asked before each call and must cache: it may read files and the network at its first call, under
	// the context of that call.
	Endpoint func(ctx context.Context) (Endpoint, error)
	// Transport adds authentication and the user agent, and sends one request.
	Transport http.RoundTripper
	// HTTPTimeout bounds one attempt, answer included; 0 means [DefaultHTTPTimeout].
	HTTPTimeout time.Duration
	// RetryTimeout bounds all attempts of one call together; 0 means [DefaultRetryTimeout].
	RetryTimeout time.Duration
	// RateLimit caps the requests a second over all calls; 0 means no cap.
	RateLimit float64
	// Advice returns what to do about a failed connection, "" for nothing to say; nil means no advice.
	Advice func(error) string
	// Secrets returns what must never be shown although a server may echo it: passwords and tokens in use. Nil means none.
	Secrets func() []string
	// Log is told each attempt; nil means no log.
	Log func(ctx context.Context, e Exchange)
}

// Client makes the calls of an API at one server. It is safe for concurrent use.
type Client struct {
	// header is sent with each request.
	header http.Header
	*connection
}

// connection is what the clients of one server share.
type connection struct {
	options   Options
	throttles throttles
	// answered turns true with the first answer: a host that never answered is more likely wrong than down.
	answered atomic.Bool
	// accepted turns true with the first success: the credentials are good then, and a later refusal is about one path or one moment.
	accepted atomic.Bool
	// refused holds the refusal of the credentials, nil until there is one: no further request is sent after it.
	refused atomic.Pointer[NotSentError]
}

// New returns a client that makes no call yet. documented is the request rate of a group of calls, in requests per second, at which the
// client goes on once the server refused a request of the group for its rate.
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

// WithHeader returns a client of the same server that sends a header with each request. Limits, and what is known about the credentials, are shared.
func (c *Client) WithHeader(header http.Header) *Client {
	return &Client{header: header, connection: c.connection}
}

// Endpoint is where the server is reached.
func (c *Client) Endpoint(ctx context.Context) (Endpoint, error) { return c.options.Endpoint(ctx) }

// Do makes a call, with retries, decodes the answer, and refuses one that is no answer to the call. It returns *[APIError] if the server
// refused something or gave no answer of the API, *[UnreachableError] if no whole response came, *[NotSentError] if the credentials were
// refused before, and what [Options].Endpoint returns.
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
	// Another request was refused meanwhile, and its error has the advice.
	if e, ok := asAPIError(err); ok {
		again := *e
		again.Hint = ""
		return &again
	}
	return c.refused.Load()
}

// HasDotSegment reports whether a path has an element that stands for another one.
func HasDotSegment(p string) bool {
	return slices.ContainsFunc(strings.Split(p, "/"), func(segment string) bool { return segment == "." || segment == ".." })
}

// credentialsRefused reports whether the server refused the credentials, or the connection says that it has none which would be accepted.
func credentialsRefused(err error) bool {
	var own interface{ CredentialsRefused() bool }
	return IsUnauthenticated(err) || errors.As(err, &own) && own.CredentialsRefused()
}

// send makes a call, whatever became of earlier ones.
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
