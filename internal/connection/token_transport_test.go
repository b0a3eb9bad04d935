package connection

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestTokenRetryAfterIsBounded checks that no wait exceeds the retry timeout, regardless of Retry-After.
func TestTokenRetryAfterIsBounded(t *testing.T) {
	isolateEnv(t)
	for name, flow := range tokenFlows(t) {
		for _, asked := range []string{"86400", "9223372036", "99999999999999999999", "1e400", "Fri, 31 Dec 9999 23:59:59 GMT"} {
			t.Run(name+", "+asked, func(t *testing.T) {
				t.Parallel()
				place := flow.endpoint
				if place == "127.0.0.1:7" {
					place += "/token"
				}
				network := &fakeCloud{responses: map[string]http.HandlerFunc{place: func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", asked)
					w.WriteHeader(http.StatusTooManyRequests)
				}}}
				_, err := newDatabricks(t, flow.settings, network).authorization(t.Context())
				wantError(t, err, "", "returned HTTP 429 Too Many Requests", asked[:5])
				if n := network.count(flow.endpoint); n > 5 { // one, and the retries of the SDK within a second
					t.Errorf("got %d requests, want at most 5", n)
				}
			})
		}
	}
}

func TestTokenRetries(t *testing.T) {
	isolateEnv(t)
	failures := map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"429": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "nonsense")
			w.WriteHeader(http.StatusTooManyRequests)
		},
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			tries := 0
			network := &fakeCloud{}
			network.responses = map[string]http.HandlerFunc{"ws.example.com" + tokenPath: func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				if tries++; r.Form.Get("grant_type") == "" {
					t.Error("got no body, want that of the first try")
				}
				if tries < 3 {
					fail(w, r)
					return
				}
				writeJSON(w, map[string]any{"access_token": "late", "token_type": "Bearer", "expires_in": 3600})
			}}
			got, err := newDatabricks(t, Settings{Host: workspaceHost, ClientID: "c", ClientSecret: "s"}, network).authorization(t.Context())
			if err != nil || got != "Bearer late" || tries != 3 {
				t.Errorf("got %q, error %v after %d tries", got, err, tries)
			}

			tries = -1 << 30
			s := Settings{Host: workspaceHost, ClientID: "c", ClientSecret: "hunter2", RetryTimeout: 600 * time.Millisecond}
			started := time.Now()
			_, err = newDatabricks(t, s, network).authorization(t.Context())
			wantError(t, err, "", "the token endpoint "+workspaceHost+tokenPath+" returned HTTP "+name, ", tried ")
			if elapsed := time.Since(started); elapsed > 10*time.Second {
				t.Errorf("got an error after %s, want it sooner", elapsed)
			}
		})
	}
}

// TestTokenResponseStalls checks that an incomplete response is retried.
func TestTokenResponseStalls(t *testing.T) {
	isolateEnv(t)
	var stalled atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !stalled.Swap(true) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		writeJSON(w, map[string]any{"access_token": "late"})
	}))
	defer server.Close()
	origin, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &tokenTransport{inconclusive: new(atomic.Bool), ctx: t.Context(), base: http.DefaultTransport,
		httpTimeout: 500 * time.Millisecond, retryTimeout: time.Hour,
		cleartextOrigins: []*url.URL{origin}, secrets: &secretSet{}}
	resp, err := get(t, transport, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), "late") {
		t.Errorf("got body %q, error %v", body, err)
	}
}

// TestTokenRetriesShareTheTimeout checks that all requests for a token share the retry timeout.
func TestTokenRetriesShareTheTimeout(t *testing.T) {
	isolateEnv(t)
	ctx := withRetryDeadline(t.Context(), -time.Second)
	network := &fakeCloud{responses: map[string]http.HandlerFunc{"a.example.com/token": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}}}
	transport := &tokenTransport{inconclusive: new(atomic.Bool), ctx: t.Context(), base: network, httpTimeout: time.Minute,
		retryTimeout: time.Hour, secrets: &secretSet{}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://a.example.com/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := transport.RoundTrip(req); err == nil {
		_ = resp.Body.Close()
		t.Error("got no error, want one")
	}
	if n := network.count("a.example.com"); n != 1 {
		t.Errorf("got %d tries after the deadline, want 1", n)
	}
}

func TestRenewalFails(t *testing.T) {
	isolateEnv(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.expiresIn = -1
	c := mustOpen(t, Settings{Host: f.URL, ClientID: "client", ClientSecret: "hunter2"}, nil)
	mustSend(t, c)
	f.setRefusal(`{"error": "invalid_client", "error_description": "hunter2 was revoked"}`)
	_, err := send(t.Context(), c)
	wantError(t, err, "", "Authentication with "+f.URL+" failed: ", "invalid_client", "*** was revoked")
	wantNoSecret(t, err, "hunter2")
	if _, ok := errors.AsType[*CredentialsError](err); !ok {
		t.Errorf("got %T, want *CredentialsError", err)
	}
}

func TestUnreachableTokenEndpoint(t *testing.T) {
	isolateEnv(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	started := time.Now()
	_, err := send(t.Context(), mustOpen(t, Settings{Host: closed.URL, ClientID: "client", ClientSecret: "hunter2"}, nil))
	wantError(t, err, "", "could not be reached", "connection refused", "tried 3 times",
		"No server listens on this host and port. Check host (or DATABRICKS_HOST)")
	if _, ok := errors.AsType[*CredentialsError](err); ok {
		t.Error("got *CredentialsError without a response, want another error")
	}
	if elapsed := time.Since(started); elapsed > 20*time.Second {
		t.Errorf("got an error after %s, want it sooner", elapsed)
	}
}

// TestSDKDoesNotRetryByWords: the SDK retries errors with certain words in their text, which contains the URL.
func TestSDKDoesNotRetryByWords(t *testing.T) {
	isolateEnv(t)
	place := "login.microsoftonline.com/tenant-429/oauth2/token"
	network := &fakeCloud{responses: map[string]http.HandlerFunc{place: func(w http.ResponseWriter,
		_ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}}}
	s := Settings{Host: azureHost, AzureClientID: "client", AzureTenantID: "tenant-429", AuthType: "github-oidc-azure",
		ActionsIDTokenRequestURL: "https://actions.example.com/token?x=y", ActionsIDTokenRequestToken: "hunter2"}
	_, err := newDatabricks(t, s, network).authorization(t.Context())
	wantError(t, err, "", place, "HTTP 204")
	if n := network.count(place); n > 5 {
		t.Errorf("got %d requests, want at most 5", n)
	}
}
