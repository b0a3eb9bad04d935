package provider_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
)

// relay is a reverse proxy between the provider and a server. It counts the requests, and can modify some responses.
type relay struct {
	mu        sync.Mutex
	calls     []string
	intercept func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool
}

// newRelayBackend returns a backend whose requests pass through a new relay.
func newRelayBackend(t *testing.T, b *acctest.Backend) (*acctest.Backend, *relay) {
	t.Helper()
	target, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{}
	pass := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.calls = append(r.calls, req.Method+" "+req.URL.Path)
		intercept := r.intercept
		r.mu.Unlock()
		if intercept == nil || !intercept(w, req, pass) {
			pass.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(server.Close)
	through := *b
	through.URL = server.URL
	return &through, r
}

// interceptPath calls how for each request to a path. how reports whether it responded. Nil removes it.
func (r *relay) interceptPath(path string, how func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.intercept = func(w http.ResponseWriter, req *http.Request, pass http.Handler) bool {
		return how != nil && req.URL.Path == path && how(w, req, pass)
	}
}

// interceptAll calls how for each request to any path.
func (r *relay) interceptAll(how func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.intercept = how
}

// reset clears the count of requests.
func (r *relay) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = nil
}

// seen returns the requests since the last reset, sorted.
func (r *relay) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.calls))
}

// respondWith returns a function that responds instead of the server.
func respondWith(status int, body string) func(http.ResponseWriter, *http.Request, http.Handler) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// loseResponse lets the first request take effect, and closes the connection before the response.
func loseResponse() func(http.ResponseWriter, *http.Request, http.Handler) bool {
	var once sync.Once
	return func(_ http.ResponseWriter, r *http.Request, pass http.Handler) (lost bool) {
		once.Do(func() {
			pass.ServeHTTP(httptest.NewRecorder(), r)
			lost = true
		})
		if lost {
			panic(http.ErrAbortHandler)
		}
		return false
	}
}

// smallPages changes the page size of a search to a small one.
func smallPages(t *testing.T, size int) func(http.ResponseWriter, *http.Request, http.Handler) bool {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
		var search map[string]any
		if err := json.NewDecoder(r.Body).Decode(&search); err != nil {
			t.Error(err)
		}
		search["max_results"] = size
		body, err := json.Marshal(search)
		if err != nil {
			t.Error(err)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		pass.ServeHTTP(w, r)
		return true
	}
}
