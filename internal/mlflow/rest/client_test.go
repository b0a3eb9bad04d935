package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// truncated returns a response with an incomplete body.
func truncated() (*http.Response, error) {
	body := io.MultiReader(strings.NewReader(`{"exp`), errReader{io.ErrUnexpectedEOF})
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body)}, nil
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

var (
	errReset = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	errDial  = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
)

type finalError struct{}

func (finalError) Error() string { return "no credentials" }

func (finalError) Permanent() bool { return true }

func TestRetries(t *testing.T) {
	get := func(ctx context.Context, c *rest.Client) error { _, err := get(ctx, c); return err }
	for _, tc := range []struct {
		name      string
		responses []mlflowtest.Responder
		call      func(context.Context, *rest.Client) error
		tries     int
		fails     bool
	}{
		{"503 then success", []mlflowtest.Responder{reply(503, `{}`), reply(503, `{}`), reply(200, mlflowtest.Experiment1Body)}, get, 3, false},
		{"408, 500, 502 and 504 as pages", []mlflowtest.Responder{page(408, ""), page(500, "oops"), page(502, ""), page(504, ""),
			reply(200, mlflowtest.Experiment1Body)}, get, 5, false},
		{"500 INTERNAL_ERROR", []mlflowtest.Responder{reply(500, `{"error_code":"INTERNAL_ERROR"}`), reply(200, mlflowtest.Experiment1Body)}, get,
			2, false},
		{"500 INVALID_STATE is final", []mlflowtest.Responder{reply(500, `{"error_code":"INVALID_STATE"}`)}, get, 1, true},
		{"500 FEATURE_DISABLED is final", []mlflowtest.Responder{reply(500, `{"error_code":"FEATURE_DISABLED"}`)}, get, 1, true},
		{"500 for a folder with immutable permissions is final", []mlflowtest.Responder{
			reply(500, `{"error_code":"INTERNAL_ERROR","message":"Cannot modify permissions of directory 12"}`)}, get, 1, true},
		{"503 for a disabled feature is final", []mlflowtest.Responder{page(503,
			"Endpoint: /x disabled because the server is running without workspaces support.")}, get, 1, true},
		{"400 is final", []mlflowtest.Responder{reply(400, `{"error_code":"INVALID_PARAMETER_VALUE"}`)}, get, 1, true},
		{"a sign-in page is final", []mlflowtest.Responder{page(200, "<title>Sign in</title>")}, get, 1, true},
		{"a broken connection", []mlflowtest.Responder{fail(errReset), reply(200, mlflowtest.Experiment1Body)}, get, 2, false},
		{"an incomplete response", []mlflowtest.Responder{truncated, reply(200, mlflowtest.Experiment1Body)}, get, 2, false},
		{"a host that never responded: three tries", []mlflowtest.Responder{fail(errDial)}, get, 3, true},
		{"a host that responded before: more tries", []mlflowtest.Responder{reply(503, `{}`), fail(errDial), fail(errDial), fail(errDial),
			reply(200, mlflowtest.Experiment1Body)}, get, 5, false},
		{"an unknown host is final", []mlflowtest.Responder{fail(&net.DNSError{Err: "no such host", IsNotFound: true})}, get, 1, true},
		{"invalid settings are final", []mlflowtest.Responder{fail(finalError{})}, get, 1, true},
		{"429 is retried for create", []mlflowtest.Responder{reply(429, `{}`), reply(200, `{"experiment_id":"1"}`)}, createOnce, 2, false},
		{"a throttling code with another status is retried for create", []mlflowtest.Responder{reply(500,
			`{"error_code":"REQUEST_LIMIT_EXCEEDED"}`), reply(200, `{"experiment_id":"1"}`)}, createOnce, 2, false},
		{"503 is not retried for create", []mlflowtest.Responder{reply(503, `{}`)}, createOnce, 1, true},
		{"a broken connection is not retried for create", []mlflowtest.Responder{fail(errReset)}, createOnce, 1, true},
		{"a failed dial is retried for create", []mlflowtest.Responder{fail(errDial), reply(200, `{"experiment_id":"1"}`)}, createOnce, 2, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := mlflowtest.NewReplies(tc.responses...)
				err := tc.call(t.Context(), newClient(a))
				if (err != nil) != tc.fails {
					t.Errorf("got error %v, want one: %t", err, tc.fails)
				}
				if len(a.Sent) != tc.tries {
					t.Errorf("got %d tries, want %d", len(a.Sent), tc.tries)
				}
			})
		})
	}
}

func TestRetryWaitsAsAsked(t *testing.T) {
	for name, refusal := range map[string]mlflowtest.Responder{
		"Retry-After in seconds": reply(429, `{}`, "Retry-After", "7"),
		"Retry-After on 503":     reply(503, `{}`, "Retry-After", "7"),
		"RetryInfo": reply(429, `{"error_code":"RESOURCE_EXHAUSTED",`+
			`"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retry_delay":"7s"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := mlflowtest.NewReplies(refusal, reply(200, mlflowtest.Experiment1Body))
				if _, err := get(t.Context(), newClient(a)); err != nil {
					t.Fatal(err)
				}
				if waited := a.At[1].Sub(a.At[0]); waited < 7*time.Second || waited > 8*time.Second {
					t.Errorf("got a wait of %s, want 7s", waited)
				}
			})
		})
	}
}

func TestRetryGivesUp(t *testing.T) {
	t.Run("after the retry timeout, with the number of tries", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			a := mlflowtest.NewReplies(reply(503, `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"busy"}`))
			c := newClient(a, func(o *rest.Options) { o.RetryTimeout = 30 * time.Second })
			_, err := get(t.Context(), c)
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("got an error after %s, want at most 30s", took)
			}
			if want := fmt.Sprintf("tried %d times in", len(a.Sent)); err == nil || !strings.Contains(err.Error(), want) || len(a.Sent) < 3 {
				t.Errorf("got error %v, want %q in it", err, want)
			}
		})
	})
	t.Run("immediately, if Retry-After exceeds the time left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := mlflowtest.NewReplies(reply(429, `{}`, "Retry-After", "3600"))
			start := time.Now()
			_, err := get(t.Context(), newClient(a))
			if err == nil || time.Since(start) > time.Second {
				t.Errorf("got error %v after %s, want one within a second", err, time.Since(start))
			}
		})
	})
	t.Run("immediately, if the context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			a := mlflowtest.NewReplies(reply(429, `{}`, "Retry-After", "60"))
			_, err := get(ctx, newClient(a))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("got error %v after %s, want the end of the context after a second", err, time.Since(start))
			}
		})
	})
}

// stallingTransport never responds.
type stallingTransport struct{ tries int }

func (s *stallingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	s.tries++
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestStalledAttemptIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stallingTransport{}
		c := newClient(s, func(o *rest.Options) { o.HTTPTimeout, o.RetryTimeout = 10*time.Second, time.Minute })
		_, err := get(t.Context(), c)
		var unreachable *rest.UnreachableError
		if !errors.As(err, &unreachable) || s.tries < 3 {
			t.Errorf("got error %v after %d tries, want no response after at least 3", err, s.tries)
		}
	})
}

func TestDecoding(t *testing.T) {
	for name, body := range map[string]string{
		"numbers":           `{"experiment":{"experiment_id":"1","name":"/x","creation_time":1700000000000}}`,
		"decimal strings":   `{"experiment":{"experiment_id":"1","name":"/x","creation_time":"1700000000000"}}`,
		"unknown fields":    `{"experiment":{"experiment_id":"1","name":"/x","creation_time":1700000000000,"trace_location":{"x":1}}}`,
		"null among others": `{"experiment":{"experiment_id":"1","name":"/x","creation_time":1700000000000,"last_update_time":null}}`,
	} {
		t.Run(name, func(t *testing.T) {
			e, err := get(t.Context(), newClient(mlflowtest.NewReplies(reply(200, body))))
			if err != nil || e.Experiment.ID != "1" || e.Experiment.CreationTime != 1700000000000 {
				t.Errorf("got %+v, error %v", e, err)
			}
		})
	}
	t.Run("an empty success body", func(t *testing.T) {
		if err := setTag(t.Context(), newClient(mlflowtest.NewReplies(reply(200, "")))); err != nil {
			t.Error(err)
		}
	})
	t.Run("a time that is not a number", func(t *testing.T) {
		c := newClient(mlflowtest.NewReplies(reply(200, `{"experiment":{"creation_time":"soon"}}`)))
		if _, err := get(t.Context(), c); err == nil || !strings.Contains(err.Error(), "soon") {
			t.Errorf("got error %v, want %q in it", err, "soon")
		}
	})
}

func TestLogContainsNoHeader(t *testing.T) {
	var lines []rest.Exchange
	c := newClient(mlflowtest.NewReplies(reply(503, `{}`), reply(200, "{}", "X-Request-Id", "r1")), func(o *rest.Options) {
		o.Log = func(_ context.Context, e rest.Exchange) { lines = append(lines, e) }
	})
	if err := setTag(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 2 || lines[0].Status != 503 || lines[1].Attempt != 2 || lines[1].RequestID != "r1" ||
		!strings.Contains(lines[1].RequestBody, `"value":"v"`) {
		t.Errorf("got the log %+v", lines)
	}
}

// TestRateLimitExceedsTimeout checks that a call fails immediately if the rate limit of its group leaves no time for a request.
func TestRateLimitExceedsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := mlflowtest.NewReplies(reply(429, `{}`))
		c := newClient(transport, func(o *rest.Options) { o.RetryTimeout = 3 * time.Second })
		for range 12 { // each rejection halves the rate
			if _, err := get(t.Context(), c); !rest.IsThrottled(err) {
				t.Fatalf("got error %v, want rate-limited", err)
			}
		}
		sent := len(transport.Sent)
		if _, err := get(t.Context(), c); !rest.IsThrottled(err) || len(transport.Sent) > sent+1 {
			t.Errorf("got error %v after %d more requests, want rate-limited after at most 1", err, len(transport.Sent)-sent)
		}
	})
}

// TestRefusedCredentials_goodBefore checks that credentials that were accepted once are still used after a gateway rejects one path.
func TestRefusedCredentials_goodBefore(t *testing.T) {
	c := newClient(mlflowtest.NewReplies(reply(200, mlflowtest.Experiment1Body), reply(401, `{"error_code":"UNAUTHENTICATED","message":"no"}`),
		reply(200, mlflowtest.Experiment1Body)))
	for try, refused := range []bool{false, true, false} {
		if _, err := get(t.Context(), c); rest.IsUnauthenticated(err) != refused {
			t.Errorf("try %d: got error %v, want unauthenticated %t", try+1, err, refused)
		}
	}
}
