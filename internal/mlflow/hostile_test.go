package mlflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// TestRecordedRefusals: whatever a real server refuses, people are shown one short line without a database's words, markup, or rows.
func TestRecordedRefusals(t *testing.T) {
	t.Parallel()
	for _, server := range mlflowServers {
		for name, e := range readRecording(t, server) {
			if e.Status < http.StatusBadRequest || e.Status == http.StatusUnauthorized {
				continue
			}
			t.Run(server+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newRecorded(t, server)
				s.read(getChurn, s.as(name))
				_, err := s.client(&mlflow.Server{}).GetExperiment(t.Context(), "1")
				var refusal *mlflow.APIError
				if !errors.As(err, &refusal) {
					t.Fatalf("error %v", err)
				}
				for _, part := range []string{"sqlite", "SQL", "[parameters", "<", "\n"} {
					if strings.Contains(refusal.Message, part) {
						t.Errorf("%q is in %q", part, refusal.Message)
					}
				}
				if refusal.Message == "" || len(refusal.Message) > 400 || refusal.Status != e.Status {
					t.Errorf("refusal %+v", refusal)
				}
			})
		}
	}
}

// TestTextsOfServers: a server can't take the terminal over.
func TestTextsOfServers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ message, want string }{
		"colors and moves":    {"a\x1b[31mred\x1b[2Jb", "aredb"},
		"the window's title":  {"a\x1b]0;owned\x07b", "ab"},
		"eight-bit sequences": {"a\u009b31mb", "ab"},
		"control characters":  {"a\u0008\u0000\rb", "ab"},
		"turned text":         {"a\u202eb\u2066c", "abc"},
		"what is long is cut": {strings.Repeat("x", 5000), strings.Repeat("x", 600) + "…"},
		"lines become one":    {"a\n\n  b\tc", "a b c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]string{"error_code": "PERMISSION_DENIED", "message": tc.message})
			if err != nil {
				t.Fatal(err)
			}
			expectMessage(t, answer{status: http.StatusForbidden, mediaType: "application/json", body: string(body)}, "", tc.want)
		})
	}
}

// TestSecretsOfOurs: a server that echoes what we sent makes nobody see it.
func TestSecretsOfOurs(t *testing.T) {
	t.Parallel()
	denied := func(message string) answer {
		return answer{status: http.StatusForbidden, mediaType: "application/json", body: `{"error_code":"PERMISSION_DENIED","message":"` + message + `"}`}
	}
	for name, tc := range map[string]struct {
		secret string
		answer answer
		want   string
	}{
		"as it is":                 {"s3cret", denied("bad password s3cret"), "bad password ***"},
		"more than once":           {"s3cret", denied("s3cret, s3cret"), "***, ***"},
		"as JSON":                  {`s3"cret`, denied(`bad password s3\"cret`), "bad password ***"},
		"in escapes":               {"pässword", denied(`bad password p\u00e4ssword`), "bad password ***"},
		"in JSON within JSON":      {`s3"c&ret`, denied(`bad {\"password\": \"s3\\\"c&ret\"}`), `bad {"password": "***"}`},
		"in a query":               {"s3 cret/1", denied("GET /x?password=s3+cret%2F1"), "GET /x?password=***"},
		"in a page":                {"s3<cret>&1", pageAnswer(http.StatusForbidden, "<p>bad password s3&lt;cret&gt;&amp;1</p>"), "bad password ***"},
		"in a page that is a page": {"s3cret", pageAnswer(http.StatusOK, "<title>s3cret</title>"), `the server answered with a page instead of JSON: "***"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectMessage(t, tc.answer, tc.secret, tc.want)
		})
	}
}

// expectMessage checks what is made of an answer.
func expectMessage(t *testing.T, a answer, secret, want string) {
	t.Helper()
	s := newScripted(t)
	s.read(getChurn, a)
	var logged string
	client := s.client(&mlflow.Server{}, func(o *mlflow.Options) {
		o.Secrets = func() []string { return []string{"", secret} }
		o.Log = func(_ context.Context, e mlflow.Exchange) { logged += e.RequestBody + e.ResponseBody }
	})
	_, err := client.GetExperiment(t.Context(), "1")
	var refusal *mlflow.APIError
	if !errors.As(err, &refusal) || refusal.Message != want {
		t.Errorf("error %#v, want %q", err, want)
	}
	if secret != "" && strings.Contains(logged, secret) {
		t.Errorf("the log has %q", logged)
	}
}

// endless is a body that does not end, and counts what is read of it.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, strings.Repeat(e.text, len(p)/len(e.text)+1))
	e.read += n
	return n, nil
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestEndlessBodies: a server that sends without end is read no further than its kind of answer can be long.
func TestEndlessBodies(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status    int
		mediaType string
		text      string
		most      int
	}{
		"a refusal": {403, "application/json", `{"message":"x`, 1 << 20}, "a page": {200, "text/html", "<p>", 1 << 20}, "an answer": {200, "application/json", `{"x":"`, 20 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &endless{text: tc.text}
			tries := 0
			client := newScripted(t).client(&mlflow.Server{}, func(o *mlflow.Options) {
				o.Transport = transport(func(r *http.Request) (*http.Response, error) {
					tries++
					return &http.Response{StatusCode: tc.status, Header: http.Header{"Content-Type": {tc.mediaType}}, Body: io.NopCloser(body), Request: r}, nil
				})
			})
			if _, err := client.GetExperiment(t.Context(), "1"); err == nil || len(err.Error()) > 2000 {
				t.Errorf("error %v", err)
			}
			if body.read > tc.most || tries != 1 {
				t.Errorf("%d bytes were read in %d tries", body.read, tries)
			}
		})
	}
}

// TestIDsAreNoPaths: an id can't lead to another call.
func TestIDsAreNoPaths(t *testing.T) {
	t.Parallel()
	for _, id := range []string{".", "..", "1/../2", "1?x=y", "1/permissionLevels"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			var path string
			client := newScripted(t).client(mlflow.Databricks{}, func(o *mlflow.Options) {
				o.Transport = transport(func(r *http.Request) (*http.Response, error) {
					path = r.URL.EscapedPath() + r.URL.RawQuery
					return nil, fmt.Errorf("enough")
				})
			}, quickly)
			if _, err := client.AccessControl().Get(t.Context(), id); err == nil {
				t.Error("no error")
			}
			rest := strings.TrimPrefix(path, permissionsPath)
			if dots := id == "." || id == ".."; dots && path != "" || !dots && (rest == path || strings.ContainsAny(rest, "/?")) {
				t.Errorf("sent to %q", path)
			}
		})
	}
}

func TestServerDate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 20, 36, 0, 0, time.UTC)
	client := newScripted(t).client(&mlflow.Server{}, func(o *mlflow.Options) {
		o.Transport = transport(func(r *http.Request) (*http.Response, error) {
			body := `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Could not find experiment with name 'churn'"}`
			header := http.Header{"Content-Type": {"application/json"}, "Date": {at.Format(http.TimeFormat)}}
			return &http.Response{StatusCode: http.StatusNotFound, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
	})
	_, err := client.GetExperimentByName(t.Context(), "churn")
	if got := mlflow.ServerDate(err); !got.Equal(at) {
		t.Errorf("date %s", got)
	}
	if got := mlflow.ServerDate(errors.New("x")); !got.IsZero() {
		t.Errorf("date %s of no answer", got)
	}
}

// TestLeftover: grants outlive their experiment, and show on the one that has the id next.
func TestLeftover(t *testing.T) {
	t.Parallel()
	leftover := func(t *testing.T, s *scripted, backend mlflow.Backend) map[mlflow.Principal]string {
		t.Helper()
		grants, err := s.client(backend).AccessControl().Leftover(t.Context(), "1")
		if err != nil {
			t.Fatal(err)
		}
		held := map[mlflow.Principal]string{}
		for _, g := range grants {
			held[g.Principal] = g.Level
		}
		return held
	}
	t.Run("of strangers", func(t *testing.T) {
		t.Parallel()
		got := leftover(t, rbacRecorded(t), &mlflow.Server{Username: "admin"})
		want := map[mlflow.Principal]string{user("ana"): mlflow.LevelEdit, user("ben"): "DENY", group("risk"): mlflow.LevelRead}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("left are %v, want %v", got, want)
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		s := rbacRecorded(t)
		s.read(rolesCall, s.withLevels(map[string]string{"admin": "MANAGE"})) // the creator's own
		if got := leftover(t, s, &mlflow.Server{Username: "admin"}); len(got) > 0 {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("not to be listed", func(t *testing.T) {
		t.Parallel()
		s := rbacRecorded(t)
		s.read(rolesCall, s.as("roles/list: in no role"))
		if got := leftover(t, s, &mlflow.Server{Username: "admin"}); len(got) > 0 {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("without credentials nothing is asked", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		if got := leftover(t, s, &mlflow.Server{}); len(got) > 0 || len(s.seen()) > 0 {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("Databricks uses no id again", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		if got := leftover(t, s, mlflow.Databricks{}); len(got) > 0 || len(s.seen()) > 0 {
			t.Errorf("left are %v", got)
		}
	})
	t.Run("an error is an error", func(t *testing.T) {
		t.Parallel()
		s := rbacRecorded(t)
		s.read(rolesCall, ok(`{}`))
		if grants, err := s.client(&mlflow.Server{Username: "admin"}).AccessControl().Leftover(t.Context(), "1"); err == nil {
			t.Errorf("left are %v", grants)
		}
	})
}
