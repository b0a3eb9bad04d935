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

// front stands before a server. Each call of the provider passes it: first somebody else may act, then the call may go wrong.
type front struct {
	server http.Handler
	calls  []call
	// meddle lets somebody else act before a call, and returns what was done.
	meddle func(request) string
	// strike returns what goes wrong with a call, and the name of it.
	strike func(request) (fault, string)

	mu  sync.Mutex
	log io.Writer
}

func (f *front) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	req := request{Request: r, body: body}
	req.call, req.known = findCall(f.calls, r)
	meddled := f.meddle(req)
	hit, name := f.strike(req)
	if !wait(r.Context(), hit.delay) {
		f.note(req, name, meddled, 0)
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
	f.note(req, name, meddled, answer.Code)
	if hit.cut == cutBefore || hit.cut == cutAfter {
		breakConnection(rw)
		return
	}
	send(rw, answer, hit.cut == cutHalf)
}

// answer is the fault's own answer.
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

// send writes an answer out; with half set it stops in the middle of the body, and the server breaks the connection.
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

// breakConnection ends the connection after a few bytes of an answer: with none at all Go's HTTP client would silently repeat a GET.
func breakConnection(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no connection of our own to break: let the server do it
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 ")
	_ = conn.Close()
}

// wait returns false when the client gave up first.
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

// note writes down what happened, for whoever looks into a world that failed.
func (f *front) note(r request, hit, meddled string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = fmt.Fprintf(f.log, "%s %3d %-10s %s\n", time.Now().Format("15:04:05.000"), status, hit, r.text())
	if meddled != "" {
		_, _ = fmt.Fprintf(f.log, "%s     before it: %s\n", time.Now().Format("15:04:05.000"), meddled)
	}
}
