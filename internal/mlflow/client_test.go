package mlflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers is a transport that plays back answers in order, the last one for ever.
type answers struct {
	list []func() (*http.Response, error)
	sent []*http.Request
	at   []time.Time
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	n := min(len(a.sent), len(a.list)-1)
	a.sent = append(a.sent, req)
	a.at = append(a.at, time.Now())
	resp, err := a.list[n]()
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

func reply(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func page(status int, body string) func() (*http.Response, error) {
	return reply(status, body, "Content-Type", "text/html; charset=utf-8")
}

func fail(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// truncated is an answer whose body breaks off.
func truncated() (*http.Response, error) {
	body := io.MultiReader(strings.NewReader(`{"exp`), errReader{io.ErrUnexpectedEOF})
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body)}, nil
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func testClient(transport http.RoundTripper, change ...func(*Options)) *Client {
	base, _ := url.Parse("http://mlflow.test")
	o := Options{
		Backend:   Databricks{},
		Endpoint:  func(context.Context) (Endpoint, error) { return Endpoint{BaseURL: base}, nil },
		Transport: transport,
	}
	for _, f := range change {
		f(&o)
	}
	return New(o)
}

const (
	okBody   = `{"experiment":{"experiment_id":"1","name":"/x","creation_time":1700000000000}}`
	notThere = `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Node ID 1 does not exist."}`
)

var (
	errReset = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	errDial  = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
)

type finalError struct{}

func (finalError) Error() string   { return "no credentials" }
func (finalError) Permanent() bool { return true }

func TestRetries(t *testing.T) {
	get := func(ctx context.Context, c *Client) error { _, err := c.GetExperiment(ctx, "1"); return err }
	createOnce := func(ctx context.Context, c *Client) error {
		_, err := c.createOnce(ctx, NewExperiment{Name: "/x"})
		return err
	}
	for _, tc := range []struct {
		name    string
		answers []func() (*http.Response, error)
		call    func(context.Context, *Client) error
		tries   int
		fails   bool
	}{
		{"503 then success", []func() (*http.Response, error){reply(503, `{}`), reply(503, `{}`), reply(200, okBody)}, get, 3, false},
		{"408, 500, 502 and 504 as pages", []func() (*http.Response, error){page(408, ""), page(500, "oops"), page(502, ""), page(504, ""), reply(200, okBody)}, get, 5, false},
		{"500 INTERNAL_ERROR", []func() (*http.Response, error){reply(500, `{"error_code":"INTERNAL_ERROR"}`), reply(200, okBody)}, get, 2, false},
		{"500 INVALID_STATE is final", []func() (*http.Response, error){reply(500, `{"error_code":"INVALID_STATE"}`)}, get, 1, true},
		{"500 FEATURE_DISABLED is final", []func() (*http.Response, error){reply(500, `{"error_code":"FEATURE_DISABLED"}`)}, get, 1, true},
		{"400 is final", []func() (*http.Response, error){reply(400, `{"error_code":"INVALID_PARAMETER_VALUE"}`)}, get, 1, true},
		{"a login page is final", []func() (*http.Response, error){page(200, "<title>Sign in</title>")}, get, 1, true},
		{"a broken connection", []func() (*http.Response, error){fail(errReset), reply(200, okBody)}, get, 2, false},
		{"a truncated answer", []func() (*http.Response, error){truncated, reply(200, okBody)}, get, 2, false},
		{"a host that never answered is dialled three times", []func() (*http.Response, error){fail(errDial)}, get, 3, true},
		{"a host that answered before is dialled on", []func() (*http.Response, error){reply(503, `{}`), fail(errDial), fail(errDial), fail(errDial), reply(200, okBody)}, get, 5, false},
		{"an unknown host is final", []func() (*http.Response, error){fail(&net.DNSError{Err: "no such host", IsNotFound: true})}, get, 1, true},
		{"settings that can't work are final", []func() (*http.Response, error){fail(finalError{})}, get, 1, true},
		{"429 is retried for create too", []func() (*http.Response, error){reply(429, `{}`), reply(200, `{"experiment_id":"1"}`)}, createOnce, 2, false},
		{"a throttling code under another status too", []func() (*http.Response, error){reply(500, `{"error_code":"REQUEST_LIMIT_EXCEEDED"}`), reply(200, `{"experiment_id":"1"}`)}, createOnce, 2, false},
		{"503 is not, for create", []func() (*http.Response, error){reply(503, `{}`)}, createOnce, 1, true},
		{"nor a broken connection", []func() (*http.Response, error){fail(errReset)}, createOnce, 1, true},
		{"but a connection that never stood", []func() (*http.Response, error){fail(errDial), reply(200, `{"experiment_id":"1"}`)}, createOnce, 2, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: tc.answers}
				err := tc.call(t.Context(), testClient(a))
				if (err != nil) != tc.fails {
					t.Errorf("error %v, want one: %v", err, tc.fails)
				}
				if len(a.sent) != tc.tries {
					t.Errorf("%d tries, want %d", len(a.sent), tc.tries)
				}
			})
		})
	}
}

func TestRetryWaitsAsAsked(t *testing.T) {
	for name, refusal := range map[string]func() (*http.Response, error){
		"Retry-After in seconds": reply(429, `{}`, "Retry-After", "7"),
		"Retry-After on 503":     reply(503, `{}`, "Retry-After", "7"),
		"RetryInfo":              reply(429, `{"error_code":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retry_delay":"7s"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: []func() (*http.Response, error){refusal, reply(200, okBody)}}
				if _, err := testClient(a).GetExperiment(t.Context(), "1"); err != nil {
					t.Fatal(err)
				}
				if waited := a.at[1].Sub(a.at[0]); waited < 7*time.Second || waited > 8*time.Second {
					t.Errorf("waited %s, want 7s", waited)
				}
			})
		})
	}
}

func TestRetryGivesUp(t *testing.T) {
	t.Run("after retry_timeout_seconds, and tells how often it tried", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			a := &answers{list: []func() (*http.Response, error){reply(503, `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"busy"}`)}}
			c := testClient(a, func(o *Options) { o.RetryTimeout = 30 * time.Second })
			_, err := c.GetExperiment(t.Context(), "1")
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %s", took)
			}
			if want := fmt.Sprintf("tried %d times in", len(a.sent)); err == nil || !strings.Contains(err.Error(), want) || len(a.sent) < 3 {
				t.Errorf("error %q does not say %q", err, want)
			}
		})
	})
	t.Run("at once when the server asks for more time than is left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := &answers{list: []func() (*http.Response, error){reply(429, `{}`, "Retry-After", "3600")}}
			start := time.Now()
			_, err := testClient(a).GetExperiment(t.Context(), "1")
			if err == nil || time.Since(start) > time.Second {
				t.Errorf("error %v after %s", err, time.Since(start))
			}
		})
	})
	t.Run("at once when cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			a := &answers{list: []func() (*http.Response, error){reply(429, `{}`, "Retry-After", "60")}}
			_, err := testClient(a).GetExperiment(ctx, "1")
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("error %v after %s", err, time.Since(start))
			}
		})
	})
}

// stalling never answers.
type stalling struct{ tries int }

func (s *stalling) RoundTrip(req *http.Request) (*http.Response, error) {
	s.tries++
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestStalledAttemptIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stalling{}
		c := testClient(s, func(o *Options) { o.HTTPTimeout, o.RetryTimeout = 10*time.Second, time.Minute })
		_, err := c.GetExperiment(t.Context(), "1")
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || s.tries < 3 {
			t.Errorf("error %v after %d tries", err, s.tries)
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
			e, err := testClient(&answers{list: []func() (*http.Response, error){reply(200, body)}}).GetExperiment(t.Context(), "1")
			if err != nil || e.ID != "1" || !e.Created().Equal(time.UnixMilli(1700000000000)) {
				t.Errorf("got %+v, %v", e, err)
			}
		})
	}
	t.Run("an empty success body", func(t *testing.T) {
		if err := testClient(&answers{list: []func() (*http.Response, error){reply(200, "")}}).SetTag(t.Context(), "1", Tag{Key: "k"}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a time that is no number", func(t *testing.T) {
		c := testClient(&answers{list: []func() (*http.Response, error){reply(200, `{"experiment":{"creation_time":"soon"}}`)}})
		if _, err := c.GetExperiment(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), "soon") {
			t.Errorf("error %v", err)
		}
	})
}

func TestSearchPagesUntilTheTokenIsEmpty(t *testing.T) {
	a := &answers{list: []func() (*http.Response, error){
		reply(200, `{"experiments":[{"experiment_id":"1"}],"next_page_token":"a"}`),
		reply(200, `{"next_page_token":"b"}`), // a page may be empty and not the last
		reply(200, `{"experiments":[{"experiment_id":"2"}]}`),
	}}
	var ids []string
	for e, err := range testClient(a).SearchExperiments(t.Context(), Search{Filter: "name = 'x'", ViewType: "ALL"}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID)
	}
	if strings.Join(ids, ",") != "1,2" || len(a.sent) != 3 {
		t.Errorf("got %v in %d calls", ids, len(a.sent))
	}
	body, _ := io.ReadAll(a.sent[2].Body)
	for _, part := range []string{`"page_token":"b"`, `"filter":"name = 'x'"`, `"view_type":"ALL"`, `"max_results":1000`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("the third request %s lacks %s", body, part)
		}
	}
}

func TestLogHoldsNoHeader(t *testing.T) {
	var lines []Exchange
	c := testClient(&answers{list: []func() (*http.Response, error){reply(503, `{}`), reply(200, "{}", "X-Request-Id", "r1")}}, func(o *Options) {
		o.Log = func(_ context.Context, e Exchange) { lines = append(lines, e) }
	})
	if err := c.SetTag(t.Context(), "1", Tag{Key: "k", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 2 || lines[0].Status != 503 || lines[1].Attempt != 2 || lines[1].RequestID != "r1" ||
		!strings.Contains(lines[1].RequestBody, `"value":"v"`) {
		t.Errorf("logged %+v", lines)
	}
}

// A group of calls that the server has slowed down so far that a request could not be sent in time: an error at once, for whatever try.
func TestHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &answers{list: []func() (*http.Response, error){reply(429, `{}`)}}
		c := testClient(transport, func(o *Options) { o.RetryTimeout = 3 * time.Second })
		for range 12 { // each refusal halves the rate
			if _, err := c.GetExperiment(t.Context(), "1"); !IsThrottled(err) {
				t.Fatalf("error %v", err)
			}
		}
		sent := len(transport.sent)
		if _, err := c.GetExperiment(t.Context(), "1"); !IsThrottled(err) || len(transport.sent) > sent+1 {
			t.Errorf("error %v after %d more requests", err, len(transport.sent)-sent)
		}
	})
}

// Credentials that were good once are not called refused because a gateway guards one path.
func TestRefusedCredentials_goodBefore(t *testing.T) {
	c := testClient(&answers{list: []func() (*http.Response, error){reply(200, okBody), reply(401, `{"error_code":"UNAUTHENTICATED","message":"no"}`), reply(200, okBody)}})
	for try, refused := range []bool{false, true, false} {
		if _, err := c.GetExperiment(t.Context(), "1"); IsUnauthenticated(err) != refused {
			t.Errorf("try %d: %v", try+1, err)
		}
	}
}

// What a wrong answer says is not remembered.
func TestWrongAnswersAreForgotten(t *testing.T) {
	for _, body := range []string{`{"experiment":{"experiment_id":"7","name":"/y","creation_time":1700000000000}}`, `{"experiment":{"experiment_id":"1"}}`} {
		c := testClient(&answers{list: []func() (*http.Response, error){reply(200, body)}})
		e, err := c.GetExperiment(t.Context(), "1")
		if err == nil || e.ID != "" || !c.CreatedAt("7").IsZero() {
			t.Errorf("%s: got %+v, %v; remembered is %s", body, e, err, c.CreatedAt("7"))
		}
	}
}

func TestMissingPrincipal_firstOfTwo(t *testing.T) {
	err := withMissingPrincipal(&APIError{Status: 404, Message: "Principal: UserName(a) does not exist; Principal: GroupName(b (EU)) does not exist"})
	if p, _ := MissingPrincipal(err); p != (Principal{KindUser, "a"}) {
		t.Errorf("missing is %v", p)
	}
}
