// Package traffic intercepts the requests to an emulated workspace: hooks, faults, latency, and the journal.
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

// Options configure a Layer. The functions must not call the Layer.
type Options struct {
	// Header sets the headers of all responses, including those of faults.
	Header func(http.Header)
	// Principal returns the name of the principal that sent the request, empty if unknown.
	Principal func(*http.Request) string
	// Now returns the time of a line of the journal.
	Now func() time.Time
	// Latency delays every request.
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

// ServeHTTP runs the hooks, applies a fault, and runs the handler.
func (l *Layer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	started := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client closed the connection
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

// wait waits, and reports whether the client is still waiting.
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

// reply records a response, so that a fault can change it and the journal contains it before it is sent.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }

// send sends the response. If half is set, it sends half of the body, and the server closes the connection.
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
