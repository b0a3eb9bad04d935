package traffic

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Fault is a fault of matching requests. Without Status, RawBody, DropBefore, DropAfter, and Truncate, a request succeeds, but with a delay
// or with further headers.
type Fault struct {
	// Method, Path (a pattern, see path.Match), Query, and Body (substrings) select requests. Empty fields match all.
	Method, Path, Query, Body string
	// Skip is the number of matching requests before the first fault. Times is the number of faults: 0 means one, -1 no limit.
	Skip, Times int
	// Status, Code, and Message are an error response of the usual form. Status 204 has no body.
	Status        int
	Code, Message string
	// RawBody is another response body. Status then defaults to 200, and ContentType to JSON if the body is JSON, otherwise to HTML.
	RawBody, ContentType string
	// Header is added to the response.
	Header map[string]string
	// Delay delays the request before it has an effect.
	Delay time.Duration
	// DropBefore breaks the connection before the request has an effect, DropAfter afterwards.
	DropBefore, DropAfter bool
	// Truncate breaks the connection in the middle of the response body, after the effect.
	Truncate bool
	// AfterEffect means that the request has its effect before the response of the fault is sent.
	AfterEffect bool
}

// Inject adds a fault. The first matching fault that is not used up applies to a request.
func (l *Layer) Inject(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Times = cmp.Or(f.Times, 1)
	l.faults = append(l.faults, &f)
}

// ClearFaults removes all faults.
func (l *Layer) ClearFaults() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = nil
}

// RemainingFaults returns the number of faults that are not used up. A fault without a limit never is.
func (l *Layer) RemainingFaults() int {
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

// nextFault returns the fault of a request, and counts it. The zero Fault means none.
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

// hasResponse reports whether the fault replaces the response.
func (f Fault) hasResponse() bool { return f.Status != 0 || f.RawBody != "" }

// reachesHandler reports whether the request has its effect.
func (f Fault) reachesHandler() bool {
	return !f.DropBefore && (!f.hasResponse() || f.AfterEffect)
}

// apply changes the response as the fault specifies.
func (f Fault) apply(out *ResponseRecorder) {
	switch {
	case f.DropBefore || f.DropAfter:
		out.Status = 0
	case f.RawBody != "":
		out.Status = cmp.Or(f.Status, http.StatusOK)
		out.Header().Set("Content-Type", cmp.Or(f.ContentType, ContentType(f.RawBody)))
		out.Body.Reset()
		out.Body.WriteString(f.RawBody)
	case f.Status == http.StatusNoContent:
		out.Status = f.Status
		out.Header().Del("Content-Type")
		out.Body.Reset()
	case f.Status != 0:
		out.Body.Reset()
		wire.WriteJSON(out, f.Status, map[string]string{"error_code": f.Code, "message": f.Message})
	}
	for key, value := range f.Header {
		out.Header().Set(key, value)
	}
}
