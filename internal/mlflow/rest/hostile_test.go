package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// TestRecordedRefusals checks that the messages of real servers become one short line without SQL, markup, and rows of a database.
func TestRecordedRefusals(t *testing.T) {
	t.Parallel()
	for _, recording := range mlflowtest.Servers {
		for name, e := range mlflowtest.ReadRecording(t, recording) {
			if e.Status < http.StatusBadRequest || e.Status == http.StatusUnauthorized {
				continue
			}
			t.Run(recording+" "+name, func(t *testing.T) {
				t.Parallel()
				s := mlflowtest.NewRecorded(t, recording)
				s.Read(mlflowtest.GetChurn, s.RecordedResponse(name))
				_, err := get(t.Context(), newClient(s))
				var refusal *rest.APIError
				if !errors.As(err, &refusal) {
					t.Fatalf("got error %v, want an API error", err)
				}
				for _, part := range []string{"sqlite", "SQL", "[parameters", "<", "\n"} {
					if strings.Contains(refusal.Message, part) {
						t.Errorf("got message %q, want no %q in it", refusal.Message, part)
					}
				}
				if refusal.Message == "" || len(refusal.Message) > 400 || refusal.Status != e.Status {
					t.Errorf("got %+v, want a message of at most 400 bytes and status %d", refusal, e.Status)
				}
			})
		}
	}
}

// TestTextsOfServers checks that messages of a server cannot control the terminal.
func TestTextsOfServers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ message, want string }{
		"colors and moves":       {"a\x1b[31mred\x1b[2Jb", "aredb"},
		"window title":           {"a\x1b]0;owned\x07b", "ab"},
		"eight-bit sequences":    {"a\u009b31mb", "ab"},
		"control characters":     {"a\u0008\u0000\rb", "ab"},
		"text direction":         {"a\u202eb\u2066c", "abc"},
		"long text is truncated": {strings.Repeat("x", 5000), strings.Repeat("x", 600) + "…"},
		"lines become one":       {"a\n\n  b\tc", "a b c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]string{"error_code": "PERMISSION_DENIED", "message": tc.message})
			if err != nil {
				t.Fatal(err)
			}
			expectMessage(t, mlflowtest.Response{Status: http.StatusForbidden, MediaType: "application/json", Body: string(body)}, "", tc.want)
		})
	}
}

// TestSecretsInResponses checks that secrets in responses are redacted in errors and in the log.
func TestSecretsInResponses(t *testing.T) {
	t.Parallel()
	denied := func(message string) mlflowtest.Response {
		return mlflowtest.Response{Status: http.StatusForbidden, MediaType: "application/json",
			Body: `{"error_code":"PERMISSION_DENIED","message":"` + message + `"}`}
	}
	for name, tc := range map[string]struct {
		secret   string
		response mlflowtest.Response
		want     string
	}{
		"as it is":            {"s3cret", denied("bad password s3cret"), "bad password ***"},
		"more than once":      {"s3cret", denied("s3cret, s3cret"), "***, ***"},
		"as JSON":             {`s3"cret`, denied(`bad password s3\"cret`), "bad password ***"},
		"in escapes":          {"pässword", denied(`bad password p\u00e4ssword`), "bad password ***"},
		"in JSON within JSON": {`s3"c&ret`, denied(`bad {\"password\": \"s3\\\"c&ret\"}`), `bad {"password": "***"}`},
		"in a query":          {"s3 cret/1", denied("GET /x?password=s3+cret%2F1"), "GET /x?password=***"},
		"in a page": {"s3<cret>&1", mlflowtest.PageResponse(http.StatusForbidden, "<p>bad password s3&lt;cret&gt;&amp;1</p>"),
			"bad password ***"},
		"in a page that is a page": {"s3cret", mlflowtest.PageResponse(http.StatusOK, "<title>s3cret</title>"),
			`the server returned a web page instead of JSON: "***"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectMessage(t, tc.response, tc.secret, tc.want)
		})
	}
}

// expectMessage checks the message of the error for a response.
func expectMessage(t *testing.T, a mlflowtest.Response, secret, want string) {
	t.Helper()
	s := mlflowtest.NewScripted(t)
	s.Read(mlflowtest.GetChurn, a)
	var logged string
	client := newClient(s, func(o *rest.Options) {
		o.Secrets = func() []string { return []string{"", secret} }
		o.Log = func(_ context.Context, e rest.Exchange) { logged += e.RequestBody + e.ResponseBody }
	})
	_, err := get(t.Context(), client)
	var refusal *rest.APIError
	if !errors.As(err, &refusal) || refusal.Message != want {
		t.Errorf("got error %#v, want %q", err, want)
	}
	if secret != "" && strings.Contains(logged, secret) {
		t.Errorf("got the log %q, want no %q in it", logged, secret)
	}
}

// endlessBody is a body that does not end, and counts the bytes that are read.
type endlessBody struct {
	text string
	read int
}

func (e *endlessBody) Read(p []byte) (int, error) {
	n := copy(p, strings.Repeat(e.text, len(p)/len(e.text)+1))
	e.read += n
	return n, nil
}

// TestEndlessBodies checks that a response is read only up to the maximum size of its kind.
func TestEndlessBodies(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status    int
		mediaType string
		text      string
		most      int
	}{
		"a refusal": {403, "application/json", `{"message":"x`, 1 << 20}, "a page": {200, "text/html", "<p>", 1 << 20},
		"a response": {200, "application/json", `{"x":"`, 20 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &endlessBody{text: tc.text}
			tries := 0
			client := newClient(mlflowtest.RoundTripFunc(func(r *http.Request) (*http.Response, error) {
				tries++
				return &http.Response{StatusCode: tc.status, Header: http.Header{"Content-Type": {tc.mediaType}}, Body: io.NopCloser(body), Request: r},
					nil
			}))
			if _, err := get(t.Context(), client); err == nil || len(err.Error()) > 2000 {
				t.Errorf("got error %v, want a short one", err)
			}
			if body.read > tc.most || tries != 1 {
				t.Errorf("got %d bytes in %d tries, want at most %d in 1", body.read, tries, tc.most)
			}
		})
	}
}

func TestServerDate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 20, 36, 0, 0, time.UTC)
	const body = `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Could not find experiment with name 'churn'"}`
	client := newClient(mlflowtest.NewReplies(reply(http.StatusNotFound, body, "Date", at.Format(http.TimeFormat))))
	_, err := get(t.Context(), client)
	if got := rest.ServerDate(err); !got.Equal(at) {
		t.Errorf("got date %s, want %s", got, at)
	}
	if got := rest.ServerDate(errors.New("x")); !got.IsZero() {
		t.Errorf("got date %s without a response, want none", got)
	}
}
