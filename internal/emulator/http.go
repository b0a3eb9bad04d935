package emulator

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

const loginPage = `<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to your workspace</h1></body></html>`

// dispatch runs the route. The response to a request for another workspace is the login page, with status 200.
func (w *Workspace) dispatch(rw http.ResponseWriter, r *http.Request) {
	if id := r.Header.Get("X-Databricks-Workspace-Id"); id != "" && id != WorkspaceID {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, loginPage)
		return
	}
	w.mux.ServeHTTP(rw, r)
}

// setHeaders sets the headers of every response.
func (w *Workspace) setHeaders(header http.Header) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	header.Set("Date", w.now().UTC().Format(http.TimeFormat))
	header.Set("X-Request-Id", fmt.Sprintf("00000000-0000-4000-8000-%012x", w.requests))
	header.Set("X-Databricks-Org-Id", WorkspaceID)
}

// principalName returns the name of the account that sent a request, empty without a valid token.
func (w *Workspace) principalName(r *http.Request) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a, err := w.tokens.Authenticate(r); err == nil {
		return a.Name
	}
	return ""
}

// time returns the time of the workspace. Options.Now need not be safe for concurrent use.
func (w *Workspace) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now()
}

// route serves a pattern to callers with a valid token.
func (w *Workspace) route(pattern string, handle wire.Handler) {
	w.serve(pattern, true, handle)
}

// publicRoute serves a pattern without authentication.
func (w *Workspace) publicRoute(pattern string, handle wire.Handler) {
	w.serve(pattern, false, handle)
}

// serve runs the handler under the lock.
func (w *Workspace) serve(pattern string, authenticated bool, handle wire.Handler) {
	w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		result, err := w.handle(r, authenticated, handle)
		wire.Respond(rw, result, err)
	})
}

func (w *Workspace) handle(r *http.Request, authenticated bool, handle wire.Handler) (any, error) {
	c := &wire.Call{Request: r}
	var err error
	if c.Payload, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	if authenticated {
		if c.Caller, err = w.tokens.Authenticate(r); err != nil {
			return nil, err
		}
	}
	return handle(c)
}
