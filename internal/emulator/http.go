package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one authenticated request on its way to a handler.
type call struct {
	*http.Request
	caller *account // nil on routes without authentication
	body   []byte
}

// decode reads the JSON body. Unknown fields are ignored, as a real workspace does.
func (c *call) decode(into any) error {
	if err := json.Unmarshal(c.body, into); err != nil {
		return fail(http.StatusBadRequest, "MALFORMED_REQUEST", "Invalid JSON given in the body of the request - failed to parse given JSON: %v", err)
	}
	return nil
}

// apiError is an answer that is not a success. Its body is JSON of the shape that the route's family uses.
type apiError struct {
	status int
	body   map[string]any
}

func (e *apiError) Error() string { return fmt.Sprint(e.status, " ", e.body) }

// fail is an error of the usual shape: error_code and message.
func fail(status int, code, format string, args ...any) *apiError {
	return &apiError{status, map[string]any{"error_code": code, "message": fmt.Sprintf(format, args...)}}
}

func invalid(format string, args ...any) *apiError {
	return fail(http.StatusBadRequest, "INVALID_PARAMETER_VALUE", format, args...)
}

func missing(format string, args ...any) *apiError {
	return fail(http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", format, args...)
}

func taken(format string, args ...any) *apiError {
	return fail(http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", format, args...)
}

func required(parameter string) *apiError {
	return invalid("Missing value for required parameter '%s'.", parameter)
}

// reply collects an answer, so that a fault can spoil it and the journal has it before the client does.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }

func writeJSON(rw http.ResponseWriter, status int, value any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	if err := json.NewEncoder(rw).Encode(value); err != nil {
		panic(err) // nothing that is answered here can fail to encode
	}
}

// send writes the reply out; with half set it stops in the middle of the body, and the server breaks the connection.
func (r *reply) send(rw http.ResponseWriter, half bool) {
	for key, values := range r.header {
		rw.Header()[key] = values
	}
	body := r.body.Bytes()
	if r.status != http.StatusNoContent {
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	rw.WriteHeader(r.status)
	if half {
		body = body[:len(body)/2]
	}
	_, _ = rw.Write(body)
}

// ServeHTTP answers one request: hooks, then faults, then the route itself.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	started := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	w.runHooks(r, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	out := w.newReply()
	fault := w.takeFault(r, body)
	if !wait(r.Context(), w.options.Latency+fault.Delay) {
		w.record(r, body, 0, started)
		return
	}
	if fault.letsThrough() {
		w.dispatch(out, r)
	}
	fault.spoil(out)
	w.record(r, body, out.status, started)
	if fault.DropBefore || fault.DropAfter {
		breakConnection(rw)
		return
	}
	out.send(rw, fault.Truncate)
}

func (w *Workspace) newReply() *reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	header := http.Header{}
	header.Set("Date", w.now().UTC().Format(http.TimeFormat))
	header.Set("X-Request-Id", fmt.Sprintf("00000000-0000-4000-8000-%012x", w.requests))
	header.Set("X-Databricks-Org-Id", WorkspaceID)
	return &reply{status: http.StatusOK, header: header}
}

// wait returns false when the client gave up first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

const loginPage = `<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to your workspace</h1></body></html>`

// dispatch runs the route. A request for another workspace ends on the login page, with status 200.
func (w *Workspace) dispatch(out *reply, r *http.Request) {
	if id := r.Header.Get("X-Databricks-Workspace-Id"); id != "" && id != WorkspaceID {
		out.header.Set("Content-Type", "text/html; charset=utf-8")
		out.body.WriteString(loginPage)
		return
	}
	w.mux.ServeHTTP(out, r)
}

// route serves a pattern to callers with a valid token; handlers run under the lock.
func (w *Workspace) route(pattern string, handle func(*call) (any, error)) {
	w.serve(pattern, true, handle)
}

// publicRoute serves a pattern to everybody.
func (w *Workspace) publicRoute(pattern string, handle func(*call) (any, error)) {
	w.serve(pattern, false, handle)
}

func (w *Workspace) serve(pattern string, authenticated bool, handle func(*call) (any, error)) {
	w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		result, err := w.handle(r, authenticated, handle)
		if err == nil {
			writeJSON(rw, http.StatusOK, result)
			return
		}
		var refused *apiError
		if !errors.As(err, &refused) {
			panic(err)
		}
		if _, ok := refused.body["error_code"].(string); ok {
			refused.body["details"] = []any{map[string]any{
				"@type": "type.googleapis.com/google.rpc.RequestInfo", "request_id": rw.Header().Get("X-Request-Id"), "serving_data": "",
			}}
		}
		writeJSON(rw, refused.status, refused.body)
	})
}

func (w *Workspace) handle(r *http.Request, authenticated bool, handle func(*call) (any, error)) (any, error) {
	c := &call{Request: r}
	var err error
	if c.body, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	if authenticated {
		if c.caller, err = w.authenticate(r); err != nil {
			return nil, err
		}
	}
	return handle(c)
}

// empty is what successful writes answer: {}.
type empty struct{}

// bearer returns the request's bearer token.
func bearer(r *http.Request) (string, bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return value, strings.EqualFold(scheme, "Bearer") && value != ""
}

// authenticate finds the account that the request's token belongs to.
func (w *Workspace) authenticate(r *http.Request) (*account, error) {
	value, ok := bearer(r)
	if !ok {
		return nil, &apiError{http.StatusUnauthorized, map[string]any{
			"error_code": http.StatusUnauthorized, "message": "Credential was not sent or was of an unsupported type for this API.",
		}}
	}
	t, ok := w.tokens[value]
	if !ok || t.expired(w.now()) {
		return nil, &apiError{http.StatusForbidden, map[string]any{
			"error_code": http.StatusForbidden, "message": "Invalid access token.",
		}}
	}
	return t.holder, nil
}
