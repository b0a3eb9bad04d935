package connection

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// isolate gives the test an empty home directory, whose path it returns, and hides what the vendor's SDK reads from the
// process by itself.
func isolate(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"PATH", "DATABRICKS_OIDC_TOKEN", "SYSTEM_ACCESSTOKEN"} {
		t.Setenv(name, "")
	}
	return home
}

// open opens a connection in an environment that holds env and nothing else.
func open(s Settings, env map[string]string) (*Connection, error) {
	s.Getenv = func(name string) string { return env[name] }
	return Open(s)
}

func mustOpen(t *testing.T, s Settings, env map[string]string) *Connection {
	t.Helper()
	c, err := open(s, env)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return c
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantError checks that err is an *Error at the attribute whose text has each of the parts.
func wantError(t *testing.T, err error, attribute string, parts ...string) {
	t.Helper()
	own, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %T (%v), want *Error", err, err)
	}
	if own.Attribute != attribute {
		t.Errorf("attribute %q, want %q, in: %v", own.Attribute, attribute, err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in: %v", part, err)
		}
	}
}

// call sends a GET through the connection and returns the headers that arrived, as the echo of the fakes below tells.
func call(ctx context.Context, c *Connection) (http.Header, error) {
	target, err := c.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.BaseURL.String()+"/echo", nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var arrived http.Header
	return arrived, json.NewDecoder(resp.Body).Decode(&arrived)
}

// get asks a URL through a transport, and follows redirects.
func get(t *testing.T, transport http.RoundTripper, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return (&http.Client{Transport: transport}).Do(req)
}

func mustCall(t *testing.T, c *Connection) http.Header {
	t.Helper()
	arrived, err := call(t.Context(), c)
	if err != nil {
		t.Fatalf("call: %v", err)
	}
	return arrived
}

func echo(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(r.Header) }

// fakeWorkspace is the part of a Databricks workspace that has to do with authentication.
type fakeWorkspace struct {
	*httptest.Server
	// hang, when it names a path, makes that path tell `entered` and then block until the client gives up.
	hang    string
	entered chan struct{}
	// expiresIn goes into the tokens; negative ones are used up when they arrive.
	expiresIn int
	// refusal, when set, is the answer of the token endpoint, with status 401.
	refusal string
	// retryAfter, when set, makes the token endpoint tell `entered` and answer 429 with it.
	retryAfter string

	mu    sync.Mutex
	paths []string
}

const (
	metadataPath = "/.well-known/databricks-config"
	tokenPath    = "/oidc/v1/token"
)

func newFakeWorkspace(t *testing.T, start func(http.Handler) *httptest.Server) *fakeWorkspace {
	t.Helper()
	f := &fakeWorkspace{entered: make(chan struct{}, 10), expiresIn: 3600}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+metadataPath, func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"oidc_endpoint": f.URL + "/oidc", "workspace_id": "77", "account_id": "acc", "host_type": "workspace"})
	})
	mux.HandleFunc("GET /oidc/.well-known/oauth-authorization-server", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"token_endpoint": f.URL + tokenPath})
	})
	mux.HandleFunc("GET /github", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, map[string]any{"value": r.Header.Get("Authorization") + " for " + r.URL.Query().Get("audience")})
	})
	mux.HandleFunc("POST "+tokenPath, f.issueToken)
	mux.HandleFunc("/echo", echo)
	f.Server = start(f.record(mux))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeWorkspace) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // a server notices that the client is gone only when the body is read
		f.mu.Lock()
		f.paths = append(f.paths, r.URL.Path)
		hang := f.hang == r.URL.Path
		f.mu.Unlock()
		if hang {
			f.entered <- struct{}{}
			<-r.Context().Done()
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (f *fakeWorkspace) hangAt(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hang = path
}

func (f *fakeWorkspace) setRefusal(refusal string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refusal = refusal
}

func (f *fakeWorkspace) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.paths...)
}

// issueToken gives a token whose name tells how it was obtained.
func (f *fakeWorkspace) issueToken(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	refusal := f.refusal
	f.mu.Unlock()
	if refusal != "" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, refusal)
		return
	}
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
		w.WriteHeader(http.StatusTooManyRequests)
		f.entered <- struct{}{}
		return
	}
	name := r.Form.Get("client_id") + "/" + r.Form.Get("subject_token")
	if id, secret, ok := r.BasicAuth(); ok {
		name = id + ":" + secret
	}
	writeJSON(w, map[string]any{"access_token": name, "token_type": "Bearer", "expires_in": f.expiresIn})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// staticJSON answers every request alike.
func staticJSON(v any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, v) })
}

// staticBody answers every request with the body, or, when it is empty, with 404.
func staticBody(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body == "" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, body)
	})
}
