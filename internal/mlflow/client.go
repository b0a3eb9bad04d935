// Package mlflow is a client of the MLflow tracking API, as served by Databricks workspaces and by open-source MLflow
// servers. It knows experiments, their tags, their permissions, the caller and workspace folders, and nothing of
// Terraform. What differs between the two servers sits behind the [Backend] interface.
package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
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
	Backend Backend
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
	// BulkRefresh lets one search feed many reads, see [Client.RefreshExperiment].
	BulkRefresh bool
	// Advice returns what to do about a failed connection, "" for nothing to say; nil means no advice.
	Advice func(error) string
	// Secrets returns what must never be shown although a server may echo it: passwords and tokens in use. Nil means none.
	Secrets func() []string
	// Log is told each attempt; nil means no log.
	Log func(ctx context.Context, e Exchange)
}

// Exchange describes one attempt of one call, for a log. It never holds a header.
type Exchange struct {
	Method, Path string
	// Status is 0 when no answer came.
	Status    int
	Duration  time.Duration
	Attempt   int
	RequestID string
	Err       error
	// RequestBody and ResponseBody are for the most verbose log level only.
	RequestBody, ResponseBody string
}

// Client calls one MLflow tracking server. It is safe for concurrent use. Methods return *[APIError] when the server
// refused something or gave no answer of the API, *[UnreachableError] when no whole response came, *[NotSentError] when the
// credentials were refused before, and what Endpoint returns.
type Client struct {
	backend   Backend
	options   Options
	throttles throttles
	// answered turns true with the first answer: a host that never answered is more likely wrong than down.
	answered atomic.Bool
	// accepted turns true with the first success: the credentials are good then, and a later refusal is about one path or one moment.
	accepted atomic.Bool
	// refused holds the refusal of the credentials, nil until there is one: no further request is sent after it.
	refused atomic.Pointer[NotSentError]
	// tagDeletionAbsent remembers that the server has no delete-experiment-tag call.
	tagDeletionAbsent atomic.Bool
	caller            shared[Caller]
	// created holds the creation time, an Int64, of each experiment that was read, by ID.
	created   sync.Map
	refresher refresher
}

// New returns a client. It makes no call.
func New(o Options) *Client {
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
	return &Client{
		backend: o.Backend, options: o, throttles: newThrottles(o.Backend, o.RateLimit),
		refresher: refresher{bulk: o.BulkRefresh, seen: map[string]Experiment{}, writes: map[string]bool{}},
	}
}

// call is one API call, before it is tried.
type call struct {
	method, path string
	query        url.Values
	body         any
	// out receives the answer and says what it must hold; nil when the call returns nothing, which is {} or an empty body.
	out   answer
	group Group
	// once marks a call whose effect must not be repeated (create): it is retried only when the server refused it
	// before any effect.
	once bool
	// single allows one try only, whatever the answer.
	single bool
	// page marks a call whose answer lists many objects: it may be larger.
	page bool
}

// limit is how much of a usable answer is read, in bytes.
func (cl call) limit() int64 {
	if cl.page {
		return maxPage
	}
	return maxObject
}

// do makes a call, with retries, decodes the answer, and refuses one that is no answer to the call.
func (c *Client) do(ctx context.Context, cl call) error {
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

// credentialsRefused reports whether the server refused the credentials, or the connection says that it has none which would be accepted.
func credentialsRefused(err error) bool {
	var own interface{ CredentialsRefused() bool }
	return IsUnauthenticated(err) || errors.As(err, &own) && own.CredentialsRefused()
}

// send makes a call, whatever became of earlier ones.
func (c *Client) send(ctx context.Context, cl call) error {
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
func (c *Client) request(ctx context.Context, endpoint Endpoint, cl call) (*retryablehttp.Request, error) {
	if hasDotSegment(cl.path) {
		return nil, fmt.Errorf("%s is no path of the API: an ID in it is \".\" or \"..\"", cl.path)
	}
	u := strings.TrimSuffix(endpoint.BaseURL.String(), "/") + cl.path
	if len(cl.query) > 0 {
		u += "?" + cl.query.Encode()
	}
	var body any
	if cl.body != nil {
		data, err := json.Marshal(cl.body)
		if err != nil {
			return nil, fmt.Errorf("encode the request of %s: %w", cl.path, err)
		}
		body = data
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, cl.method, u, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// decode turns the last answer into the call's result or an error.
func (a *attempts) decode(resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return a.unreachable(err)
	}
	empty := len(bytes.TrimSpace(body)) == 0
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return a.apiError(resp, body)
	case empty && a.call.out == nil:
		return nil
	case empty:
		return a.noAnswer(resp, errors.New("it is empty"))
	case errorCode(body) != "", !isJSON(resp, body) && !json.Valid(body):
		return a.apiError(resp, body)
	case !isJSON(resp, body):
		return a.noAnswer(resp, errors.New("it is no JSON object"))
	case a.call.out == nil && !isEmptyObject(body):
		return a.noAnswer(resp, errors.New("it contains what this call does not return"))
	case a.call.out == nil:
		return nil
	}
	if err := json.Unmarshal(body, a.call.out); err != nil {
		return a.noAnswer(resp, wrongJSON(err))
	}
	if err := a.call.out.usable(isEmptyObject(body)); err != nil {
		return a.noAnswer(resp, err)
	}
	return nil
}

// isJSON tells a JSON answer from a web page or text: some servers send JSON without its content type.
func isJSON(resp *http.Response, body []byte) bool {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if mediaType == "text/html" {
		return false
	}
	body = bytes.TrimSpace(body)
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

// Int64 decodes from a JSON number or from a decimal string: servers send both.
type Int64 int64

// UnmarshalJSON implements [json.Unmarshaler].
func (i *Int64) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	*i = Int64(v)
	return nil
}
