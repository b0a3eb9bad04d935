package mlflowtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Scripted is a server whose responses the test defines. It responds to reads any number of times, and to each write once, in order. Any
// other request fails the test, and so does a missing write. It is the transport of the client, so that testing/synctest works.
type Scripted struct {
	// T is the test of the server.
	T *testing.T

	recorded map[string]Exchange

	mu     sync.Mutex
	reads  map[string]Response
	writes []Write
	calls  []string
}

// Response is a response, or a failure of the connection.
type Response struct {
	Status     int
	MediaType  string
	Body       string
	connection error // instead of a response
}

// Write is an expected request that changes something. Then contains the responses to reads after it.
type Write struct {
	Call, Body string
	Response   Response
	Then       map[string]Response
	// Meanwhile is called before the response.
	Meanwhile func()
}

// Failures of the connection: before the server received the request, and after it.
var (
	ConnectionRefused = Response{connection: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	LostResponse      = Response{connection: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}}
)

// OK returns a successful response.
func OK(body string) Response {
	return Response{Status: http.StatusOK, MediaType: "application/json", Body: body}
}

// Refuse returns an error response of the API, with an error_code and a message.
func Refuse(status int, code, message string) Response {
	return Response{Status: status, MediaType: "application/json", Body: fmt.Sprintf(`{"error_code":%q,"message":%q}`, code, message)}
}

// PageResponse returns a web page, as from a proxy.
func PageResponse(status int, text string) Response {
	return Response{Status: status, MediaType: "text/html; charset=utf-8", Body: text}
}

// WithResponse returns a copy of the write with another response.
func (w Write) WithResponse(r Response) Write {
	w.Response = r
	return w
}

// NewScripted returns a server without responses.
func NewScripted(t *testing.T) *Scripted {
	t.Helper()
	s := &Scripted{T: t, reads: map[string]Response{}}
	t.Cleanup(func() {
		for _, w := range s.writes {
			t.Errorf("got no request %s", w.Call)
		}
	})
	return s
}

// NewRecorded returns a server for responses of a recorded one, see [Scripted.Replay] and [Scripted.RecordedResponse].
func NewRecorded(t *testing.T, recording string) *Scripted {
	t.Helper()
	s := NewScripted(t)
	s.recorded = ReadRecording(t, recording)
	return s
}

// Exchange returns a recorded exchange.
func (s *Scripted) Exchange(name string) Exchange {
	s.T.Helper()
	e, ok := s.recorded[name]
	if !ok {
		s.T.Fatalf("the recording does not contain %q", name)
	}
	return e
}

// RecordedResponse returns a recorded response.
func (s *Scripted) RecordedResponse(name string) Response {
	s.T.Helper()
	e := s.Exchange(name)
	return Response{Status: e.Status, MediaType: e.Type, Body: e.text()}
}

// Replay adds recorded reads with their responses.
func (s *Scripted) Replay(names ...string) {
	s.T.Helper()
	for _, name := range names {
		s.reads[s.Exchange(name).Call] = s.RecordedResponse(name)
	}
}

// RecordedWrite returns a recorded write with its response.
func (s *Scripted) RecordedWrite(name string) Write {
	s.T.Helper()
	e := s.Exchange(name)
	return Write{Call: e.Call, Body: string(e.Body), Response: s.RecordedResponse(name)}
}

// Read sets the response to a read.
func (s *Scripted) Read(call string, r Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[call] = r
}

// Expect adds expected writes.
func (s *Scripted) Expect(writes ...Write) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, writes...)
}

// ExpectNoMore removes the expected writes that were not sent.
func (s *Scripted) ExpectNoMore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = nil
}

// Requests returns the requests since its last call, without their queries.
func (s *Scripted) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.calls
	s.calls = nil
	return seen
}

// ExpectRequests checks the requests since the last call of Requests, in their order.
func (s *Scripted) ExpectRequests(want ...string) {
	s.T.Helper()
	if got := s.Requests(); !slices.Equal(got, want) {
		s.T.Errorf("got the requests %q, want %q", got, want)
	}
}

// Count returns the number of requests with a method and path since the last call of Requests, with any query.
func (s *Scripted) Count(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.calls), func(c string) bool { return c != call }))
}

// Client returns a client of the server, see [Client].
func (s *Scripted) Client(backend mlflow.Backend, change ...func(*mlflow.Options)) *mlflow.Client {
	return Client(s, backend, change...)
}

// RoundTrip implements [http.RoundTripper].
func (s *Scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	r, meanwhile := s.respond(req)
	if meanwhile != nil {
		meanwhile()
	}
	if r.connection != nil {
		return nil, r.connection
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", r.MediaType)
	w.WriteHeader(r.Status)
	_, _ = w.WriteString(r.Body)
	return w.Result(), nil
}

// respond returns the response to a request, and a function to call first.
func (s *Scripted) respond(req *http.Request) (r Response, meanwhile func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, req.Method+" "+req.URL.Path)
	if isRead(req) {
		r, found := s.reads[req.Method+" "+req.URL.RequestURI()]
		if !found {
			return s.unexpected(req, "")
		}
		return r, nil
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	if len(s.writes) == 0 {
		return s.unexpected(req, string(body))
	}
	w := s.writes[0]
	if w.Call != req.Method+" "+req.URL.RequestURI() || !sameJSON(w.Body, string(body)) {
		s.T.Errorf("want %s %s", w.Call, w.Body)
		return s.unexpected(req, string(body))
	}
	s.writes = s.writes[1:]
	for call, r := range w.Then {
		s.reads[call] = r
	}
	return w.Response, w.Meanwhile
}

// isRead reports whether a request is a read. Searches are reads with any method.
func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || strings.HasSuffix(req.URL.Path, "/search")
}

func (s *Scripted) unexpected(req *http.Request, body string) (Response, func()) {
	s.T.Errorf("got an unexpected request %s %s %s", req.Method, req.URL.RequestURI(), body)
	return Refuse(http.StatusBadRequest, "UNEXPECTED", "unexpected request"), nil
}

func sameJSON(a, b string) bool {
	var x, y any
	return a == b || json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
