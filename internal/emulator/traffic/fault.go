package traffic

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Fault is something that goes wrong with matching calls. Without Status, RawBody, DropBefore, DropAfter and Truncate a call goes
// well, only later (Delay) or with more headers (Header).
type Fault struct {
	// Method, Path (a pattern, see path.Match), Query and Body (substrings) choose the calls; what is empty matches all.
	Method, Path, Query, Body string
	// Skip lets so many matching calls pass first. Then Times of them are hit: 0 means one, -1 all.
	Skip, Times int
	// Status, Code and Message are the answer in the usual JSON shape. Status 204 has no body.
	Status        int
	Code, Message string
	// RawBody replaces the JSON shape; Status is 200 when not given. ContentType is JSON when the body is, else HTML.
	RawBody, ContentType string
	// Header is added to the answer.
	Header map[string]string
	// Delay passes before anything happens.
	Delay time.Duration
	// DropBefore breaks the connection before the call has an effect, DropAfter when it had one.
	DropBefore, DropAfter bool
	// Truncate breaks the connection in the middle of the answer's body, after the effect.
	Truncate bool
	// AfterEffect lets the call have its effect although the fault's own answer is sent.
	AfterEffect bool
}

// Inject adds a fault. A call is hit by the first one added that matches and is not used up.
func (l *Layer) Inject(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Times = cmp.Or(f.Times, 1)
	l.faults = append(l.faults, &f)
}

// ClearFaults takes all faults away.
func (l *Layer) ClearFaults() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = nil
}

// FaultsLeft counts the faults that are not used up. One that is injected for ever is always left.
func (l *Layer) FaultsLeft() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, f := range l.faults {
		if f.Times != 0 {
			n++
		}
	}
	return n
}

// nextFault uses up one hit of the fault for this call; the zero Fault is none.
func (l *Layer) nextFault(r *http.Request, body []byte) Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		if f.Times == 0 || !f.matches(r, body) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return *f
	}
	return Fault{}
}

func (f *Fault) matches(r *http.Request, body []byte) bool {
	return matchesRoute(f.Method, f.Path, r.Method, r.URL.Path) &&
		strings.Contains(r.URL.RawQuery, f.Query) && bytes.Contains(body, []byte(f.Body))
}

// hasResponse reports whether the fault has an answer of its own.
func (f Fault) hasResponse() bool { return f.Status != 0 || f.RawBody != "" }

// reachesHandler reports whether the call has its effect.
func (f Fault) reachesHandler() bool {
	return !f.DropBefore && (!f.hasResponse() || f.AfterEffect)
}

// apply turns the answer into what the client is to see.
func (f Fault) apply(out *reply) {
	switch {
	case f.DropBefore || f.DropAfter:
		out.status = 0
	case f.RawBody != "":
		out.status = cmp.Or(f.Status, http.StatusOK)
		out.header.Set("Content-Type", cmp.Or(f.ContentType, contentType(f.RawBody)))
		out.body.Reset()
		out.body.WriteString(f.RawBody)
	case f.Status == http.StatusNoContent:
		out.status = f.Status
		out.header.Del("Content-Type")
		out.body.Reset()
	case f.Status != 0:
		out.body.Reset()
		wire.WriteJSON(out, f.Status, map[string]string{"error_code": f.Code, "message": f.Message})
	}
	for key, value := range f.Header {
		out.header.Set(key, value)
	}
}

func contentType(body string) string {
	if json.Valid([]byte(body)) {
		return "application/json"
	}
	return "text/html; charset=utf-8"
}

// breakConnection ends the connection after a few bytes of an answer. With none at all Go's HTTP client would silently repeat a GET
// on a connection that it used before, and a test would not know how many calls to expect.
func breakConnection(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no connection of our own to break: let the server do it
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 ")
	_ = conn.Close()
}
