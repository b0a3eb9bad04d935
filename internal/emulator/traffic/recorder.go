package traffic

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Wait waits, and reports whether the client is still waiting.
func Wait(ctx context.Context, d time.Duration) bool {
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

// ResponseRecorder records a response, so that a fault can change it before it is sent. It implements [http.ResponseWriter].
type ResponseRecorder struct {
	// Status is the HTTP status, 200 unless the handler sets another one.
	Status int
	// Body is the whole body.
	Body bytes.Buffer

	header http.Header
}

// NewResponseRecorder returns an empty response with status 200.
func NewResponseRecorder() *ResponseRecorder {
	return &ResponseRecorder{Status: http.StatusOK, header: http.Header{}}
}

// Header implements [http.ResponseWriter].
func (r *ResponseRecorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *ResponseRecorder) WriteHeader(status int) { r.Status = status }

// Write implements [http.ResponseWriter].
func (r *ResponseRecorder) Write(b []byte) (int, error) { return r.Body.Write(b) }

// Send sends the response. If half is set, it sends half of the body, and the server closes the connection.
func (r *ResponseRecorder) Send(rw http.ResponseWriter, half bool) {
	for key, values := range r.header {
		rw.Header()[key] = values
	}
	body := r.Body.Bytes()
	if r.Status != http.StatusNoContent {
		rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	rw.WriteHeader(r.Status)
	if half {
		body = body[:len(body)/2]
	}
	_, _ = rw.Write(body)
}

// ContentType returns the content type of a body: JSON, or else HTML.
func ContentType(body string) string {
	if json.Valid([]byte(body)) {
		return "application/json"
	}
	return "text/html; charset=utf-8"
}

// BreakConnection closes the connection after the first bytes of a response. Without any, Go's HTTP client would repeat a GET on a reused
// connection, and the number of requests in a test would vary.
func BreakConnection(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the connection cannot be hijacked: the server closes it
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 ")
	_ = conn.Close()
}
