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

// isolateEnv sets an empty home directory, whose path it returns, and unsets the environment variables that the SDK itself reads.
func isolateEnv(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{"PATH", "DATABRICKS_OIDC_TOKEN", "SYSTEM_ACCESSTOKEN"} {
		t.Setenv(name, "")
	}
	return home
}

// open opens a connection with only these environment variables.
func open(s Settings, env map[string]string) (*Connection, error) {
	s.Getenv = func(name string) string { return env[name] }
	return Open(s)
}

func mustOpen(t *testing.T, s Settings, env map[string]string) *Connection {
	t.Helper()
	c, err := open(s, env)
	if err != nil {
		t.Fatalf("Open: got error %v", err)
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

// wantError checks that err is an *Error of an attribute, with all parts in its text.
func wantError(t *testing.T, err error, attribute string, parts ...string) {
	t.Helper()
	own, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %T (%v), want *Error", err, err)
	}
	if own.Attribute != attribute {
		t.Errorf("got attribute %q, want %q, in error %v", own.Attribute, attribute, err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got error %v, want %q in it", err, part)
		}
	}
}

// send sends a GET request with a connection, and returns the headers that the server received.
func send(ctx context.Context, c *Connection) (http.Header, error) {
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

// get sends a GET request with a transport, and follows redirects.
func get(t *testing.T, transport http.RoundTripper, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return (&http.Client{Transport: transport}).Do(req)
}

func mustSend(t *testing.T, c *Connection) http.Header {
	t.Helper()
	arrived, err := send(t.Context(), c)
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	return arrived
}

func echo(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(r.Header) }

// fakeWorkspace emulates the authentication of a Databricks workspace.
type fakeWorkspace struct {
	*httptest.Server
	// hang is a path whose requests are signaled on entered, and then block until the client cancels them.
	hang    string
	entered chan struct{}
	// expiresIn is the lifetime of tokens, in seconds; with a negative one, they are already expired.
	expiresIn int
	// refusal is the body of the token endpoint's response, with status 401, "" for a token.
	refusal string
	// retryAfter is the Retry-After header of the token endpoint's response with status 429, which is signaled on entered; "" for a token.
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
		_ = r.ParseForm() // a server detects that the client canceled the request only after it read the body
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

func (f *fakeWorkspace) requestPaths() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.paths...)
}

// issueToken returns a token that contains the credentials of the request.
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

// staticJSON responds to each request with the same JSON.
func staticJSON(v any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, v) })
}

// staticBody responds to each request with a body, or with status 404 if it is empty.
func staticBody(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body == "" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, body)
	})
}
