package chaostest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// proxy is in front of a server. Before each request of the provider, another user can change the server, and the request can get a fault.
type proxy struct {
	server http.Handler
	calls  []call
	// beforeCall lets another user change the server before a request, and returns a description of the change.
	beforeCall func(request) string
	// nextFault returns the fault of a request, and its name.
	nextFault func(request) (fault, string)

	mu  sync.Mutex
	log io.Writer
}

func (f *proxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client closed the connection
	}
	req := request{Request: r, body: body}
	req.call, req.known = findCall(f.calls, r)
	changed := f.beforeCall(req)
	hit, name := f.nextFault(req)
	if !wait(r.Context(), hit.delay) {
		f.note(req, name, changed, 0)
		return
	}
	answer := httptest.NewRecorder()
	if hit.cut != cutBefore && (hit.status == 0 || hit.late) {
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.server.ServeHTTP(answer, r)
	}
	if hit.status != 0 && (!hit.honest || answer.Code == http.StatusOK) {
		answer = hit.answer()
	}
	f.note(req, name, changed, answer.Code)
	if hit.cut == cutBefore || hit.cut == cutAfter {
		breakConnection(rw)
		return
	}
	send(rw, answer, hit.cut == cutHalf)
}

// answer returns the response of the fault.
func (f fault) answer() *httptest.ResponseRecorder {
	a := httptest.NewRecorder()
	a.Code = f.status
	a.Body.WriteString(f.body)
	switch {
	case f.body == "":
	case json.Valid([]byte(f.body)):
		a.Header().Set("Content-Type", "application/json")
	default:
		a.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	for key, value := range f.header {
		a.Header().Set(key, value)
	}
	return a
}

// send sends a response. If half is set, it sends half of the body, and the server closes the connection.
func send(rw http.ResponseWriter, answer *httptest.ResponseRecorder, half bool) {
	for key, values := range answer.Header() {
		rw.Header()[key] = values
	}
	body := answer.Body.Bytes()
	if answer.Code != http.StatusNoContent {
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	rw.WriteHeader(answer.Code)
	if half {
		body = body[:len(body)/2]
	}
	_, _ = rw.Write(body)
}

// breakConnection closes the connection after the first bytes of a response. Without any, Go's HTTP client would repeat a GET.
func breakConnection(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the connection cannot be hijacked: the server closes it
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 ")
	_ = conn.Close()
}

// wait waits, and reports whether the client is still waiting.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// note adds a request to the log of the world.
func (f *proxy) note(r request, hit, changed string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = fmt.Fprintf(f.log, "%s %3d %-10s %s\n", time.Now().Format("15:04:05.000"), status, hit, r.text())
	if changed != "" {
		_, _ = fmt.Fprintf(f.log, "%s     before it: %s\n", time.Now().Format("15:04:05.000"), changed)
	}
}
