package connection

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/httpretry"
)

const (
	// maxTokenBody is the maximum size of a response of a token or metadata endpoint, in bytes.
	maxTokenBody = 1 << 20
	// maxTokenBackoff is the maximum step of the exponential backoff between the tries of a request.
	maxTokenBackoff = 10 * time.Second
	discoverySuffix = "/.well-known/oauth-authorization-server"
	// instanceMetadata is the URL of the instance metadata services of clouds, which do not support https.
	instanceMetadata = "http://169.254.169.254"
)

// tokenTransport sends the requests of the Databricks SDK for tokens. The SDK itself follows redirects with credentials, waits for any
// Retry-After, decides about retries by the text of an error, and does not validate all responses. Therefore, this transport handles
// redirects and retries, and validates responses. The SDK does not retry its errors.
type tokenTransport struct {
	// ctx ends all requests: the SDK sends some under a background context.
	ctx  context.Context //nolint:containedctx // the SDK leaves no other way
	base http.RoundTripper
	// httpTimeout is the maximum time of one try, retryTimeout that of all tries.
	httpTimeout, retryTimeout time.Duration
	// cleartextOrigins are the origins to which requests can be sent over http: those in the settings.
	cleartextOrigins []*url.URL
	secrets          *secretSet
	// inconclusive reports whether the last request failed without showing whether the credentials are valid.
	inconclusive *atomic.Bool
	// responded has the hosts that responded: one that never did is more likely wrong than down.
	responded sync.Map
}

// tokenFailure is the error of a request for a token that cannot succeed. The SDK decides about retries by the text of an error, so Error
// does not contain the reason.
type tokenFailure struct{ reason string }

// Error implements error.
func (e *tokenFailure) Error() string { return "the request failed" }

// retryDeadline is the context key of the time at which retries end. A deadline of the context itself would also end the renewal of
// tokens in the background.
type retryDeadline struct{}

func withRetryDeadline(ctx context.Context, timeout time.Duration) context.Context {
	return context.WithValue(ctx, retryDeadline{}, time.Now().Add(timeout))
}

// tokenRequest is a request of the SDK with the state of its tries.
type tokenRequest struct {
	*http.Request
	body     []byte
	name     string
	started  time.Time
	deadline time.Time
	tries    int
}

// RoundTrip implements [http.RoundTripper]. It reads responses completely.
func (t *tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.roundTrip(req)
	t.inconclusive.Store(err != nil || resp.StatusCode >= http.StatusInternalServerError)
	return resp, err
}

func (t *tokenTransport) roundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	defer context.AfterFunc(t.ctx, cancel)()
	r, err := t.prepare(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	for {
		r.tries++
		resp, body, err := t.send(r)
		wait, reason := t.failure(r, resp, body, err)
		if reason == "" {
			return t.check(r, resp, body)
		}
		if wait >= 0 && time.Now().Add(wait).Before(r.deadline) {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
				continue
			}
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, &tokenFailure{r.name + " " + reason + r.attemptsSuffix()}
	}
}

func (t *tokenTransport) prepare(req *http.Request) (*tokenRequest, error) {
	r := &tokenRequest{Request: req, name: endpointName(req.URL), started: time.Now()}
	r.deadline = r.started.Add(t.retryTimeout)
	if earlier, ok := req.Context().Value(retryDeadline{}).(time.Time); ok {
		r.deadline = earlier
	}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
		r.body = trimSubjectToken(req, body)
	}
	t.secrets.addRequest(req, r.body)
	isNamed := func(origin *url.URL) bool { return sameOrigin(origin, req.URL) }
	if req.URL.Scheme != "https" && !slices.ContainsFunc(t.cleartextOrigins, isNamed) {
		return nil, &tokenFailure{r.name + " does not use https, and credentials are never sent unencrypted"}
	}
	return r, nil
}

// trimSubjectToken removes white space around the subject token: files and CI secrets often end with a line break.
func trimSubjectToken(req *http.Request, body []byte) []byte {
	if !strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return body
	}
	form, err := url.ParseQuery(string(body))
	token := form.Get("subject_token")
	if err != nil || token == strings.TrimSpace(token) {
		return body
	}
	form.Set("subject_token", strings.TrimSpace(token))
	return []byte(form.Encode())
}

func (t *tokenTransport) send(r *tokenRequest) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(r.Context(), t.httpTimeout)
	defer cancel()
	req := r.Clone(ctx)
	if r.Body != nil {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.body)), int64(len(r.body))
	}
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	t.responded.Store(req.URL.Host, true)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenBody))
	if err != nil {
		return nil, nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, body, nil
}

var throttledText = regexp.MustCompile(`(?i)throttled|too many requests`)

// failure returns why a try failed, and the wait before the next one, negative if another one cannot succeed. The reason is empty if
// there is a response to validate.
func (t *tokenTransport) failure(r *tokenRequest, resp *http.Response, body []byte, err error) (time.Duration, string) {
	wait := httpretry.Backoff(r.tries, maxTokenBackoff)
	if err != nil {
		_, responded := t.responded.Load(r.URL.Host)
		if r.Context().Err() != nil || isPermanent(err) || httpretry.DialFailed(err) && !responded && r.tries >= httpretry.MaxDialTries {
			wait = -1
		}
		reason := "could not be reached: " + strings.TrimSuffix(err.Error(), ".")
		if own, ok := errors.AsType[*Error](err); ok {
			reason = "could not be reached: " + own.Detail
		}
		if advice := Advice(err, Databricks); advice != "" {
			reason += ". " + strings.TrimSuffix(advice, ".")
		}
		return wait, reason
	}
	switch resp.StatusCode {
	case http.StatusBadRequest:
		if throttledText.Match(body) { // as observed with rate-limited token endpoints
			return wait, "is rate-limiting requests"
		}
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		reason := fmt.Sprintf("returned HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
		asked := resp.Header.Get("Retry-After")
		if asked == "" {
			return wait, reason
		}
		return max(wait, httpretry.RetryAfter(asked)), reason + fmt.Sprintf(" (Retry-After: %.40q)", asked)
	}
	return 0, ""
}

// attemptsSuffix returns the number and the total time of the tries, "" for one.
func (r *tokenRequest) attemptsSuffix() string {
	if r.tries < 2 {
		return ""
	}
	return fmt.Sprintf(", tried %d times in %s", r.tries, time.Since(r.started).Round(100*time.Millisecond))
}

// check returns the response for the SDK if it is valid or an error response.
func (t *tokenTransport) check(r *tokenRequest, resp *http.Response, body []byte) (*http.Response, error) {
	if resp.StatusCode >= 400 {
		return resp, nil
	}
	if place, err := resp.Location(); err == nil && resp.StatusCode >= 300 {
		if !sameOrigin(place, r.URL) {
			there := (&url.URL{Scheme: place.Scheme, Host: place.Host}).String()
			return nil, &tokenFailure{fmt.Sprintf("%s redirects to %s, and credentials are not sent to another origin", r.name, there)}
		}
		return resp, nil
	}
	reason := t.responseProblem(r, resp, body)
	if reason != "" {
		return nil, &tokenFailure{fmt.Sprintf("%s returned HTTP %d with %s", r.name, resp.StatusCode, reason)}
	}
	t.secrets.addResponse(body)
	return resp, nil
}

// tokenFields are the fields of which a response must have one: a token, in the field of each kind of service, or the URL of a token
// endpoint.
var tokenFields = []string{"access_token", "id_token", "value", "oidcToken", "token", "accessToken"}

// responseProblem describes why a success is not a valid response, or returns "".
func (t *tokenTransport) responseProblem(r *tokenRequest, resp *http.Response, body []byte) string {
	if len(bytes.TrimSpace(body)) == 0 {
		return "an empty body instead of a token"
	}
	var response map[string]any
	if err := json.Unmarshal(body, &response); err != nil {
		text := strings.Join(strings.Fields(t.secrets.redact(string(body))), " ")
		return fmt.Sprintf("%s instead of JSON: %.80q", cmp.Or(resp.Header.Get("Content-Type"), "text"), text)
	}
	if code, _ := response["error"].(string); code != "" {
		description, _ := response["error_description"].(string)
		return strings.TrimSpace(fmt.Sprintf("the error %.80q %.200s", t.secrets.redact(code), t.secrets.redact(description)))
	}
	has := func(field string) bool {
		text, _ := response[field].(string)
		return strings.TrimSpace(text) != ""
	}
	_, isWorkspace := response["properties"].(map[string]any) // of Azure's resource manager
	switch {
	case strings.HasSuffix(r.URL.Path, discoverySuffix):
		if !has("token_endpoint") {
			return "no token endpoint"
		}
	case !isWorkspace && !slices.ContainsFunc(tokenFields, has) && !has("token_endpoint"):
		return "no token in it"
	}
	return ""
}

// endpointName returns the name of an endpoint in messages, without the query and user information, which can be secret.
func endpointName(u *url.URL) string {
	where := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	if strings.HasSuffix(u.Path, discoverySuffix) {
		return "the OAuth discovery endpoint " + where
	}
	return "the token endpoint " + where
}
