// Package traffic is what happens to requests on their way to an emulated workspace and back: hooks, faults, latency, and the journal.
package traffic

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Options are what a Layer has to know about the handler behind it. The functions must not call the Layer.
type Options struct {
	// Header sets the headers that every response has, also one that a fault replaces.
	Header func(http.Header)
	// Principal returns the name of the principal that sent the request, empty if unknown.
	Principal func(*http.Request) string
	// Now returns the time of a line of the journal.
	Now func() time.Time
	// Latency is added to every request.
	Latency time.Duration
	// Journal receives one JSON line for each request, without bodies and headers. Nil means no lines.
	Journal io.Writer
}

// Layer is an http.Handler in front of another one. It is safe for concurrent use.
type Layer struct {
	next    http.Handler
	options Options

	mu     sync.Mutex // guards everything below
	calls  []Call
	faults []*Fault
	hooks  []hook
}

// New returns a layer in front of next.
func New(next http.Handler, options Options) *Layer { return &Layer{next: next, options: options} }

// ServeHTTP answers one request: hooks, then faults, then the handler itself.
func (l *Layer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	started := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	l.runHooks(r, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	out := &reply{status: http.StatusOK, header: http.Header{}}
	l.options.Header(out.header)
	fault := l.nextFault(r, body)
	if !wait(r.Context(), l.options.Latency+fault.Delay) {
		l.record(r, body, 0, started)
		return
	}
	if fault.reachesHandler() {
		l.next.ServeHTTP(out, r)
	}
	fault.apply(out)
	l.record(r, body, out.status, started)
	if fault.DropBefore || fault.DropAfter {
		breakConnection(rw)
		return
	}
	out.send(rw, fault.Truncate)
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

// reply collects a response, so that a fault can spoil it and the journal has it before the client does.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }

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
