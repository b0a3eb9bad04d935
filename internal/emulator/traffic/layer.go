// Package traffic intercepts the requests to an emulated workspace: hooks, faults, latency, and the journal.
package traffic

import (
	"bytes"
	"io"
	"net/http"
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
	out := NewResponseRecorder()
	l.options.Header(out.Header())
	fault := l.nextFault(r, body)
	if !Wait(r.Context(), l.options.Latency+fault.Delay) {
		l.record(r, body, 0, started)
		return
	}
	if fault.reachesHandler() {
		l.next.ServeHTTP(out, r)
	}
	fault.apply(out)
	l.record(r, body, out.Status, started)
	if fault.DropBefore || fault.DropAfter {
		BreakConnection(rw)
		return
	}
	out.Send(rw, fault.Truncate)
}
