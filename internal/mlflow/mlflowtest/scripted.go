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

// Scripted is a server whose responses the test defines. It responds to reads from a table, any number of times, and to writes in their
// order, each once. Any other request fails the test, and so does a missing write. It is the transport of the client, so that the clock
// of testing/synctest works.
type Scripted struct {
	// T is the test that the server is for.
	T *testing.T

	recorded map[string]Exchange

	mu     sync.Mutex
	reads  map[string]Answer
	writes []Write
	calls  []string
}

// Answer is a response.
type Answer struct {
	Status     int
	MediaType  string
	Body       string
	connection error // instead of an answer
}

// Write is a request that changes something. Then has the responses to reads after it.
type Write struct {
	Call, Body string
	Answer     Answer
	Then       map[string]Answer
	// Meanwhile is called before the response.
	Meanwhile func()
}

// Failures of a connection: before the server received the request, and after it.
var (
	NotReached = Answer{connection: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	Lost       = Answer{connection: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}}
)

// OK returns a successful response.
func OK(body string) Answer {
	return Answer{Status: http.StatusOK, MediaType: "application/json", Body: body}
}

// Refuse returns an error response of the API.
func Refuse(status int, code, message string) Answer {
	return Answer{Status: status, MediaType: "application/json", Body: fmt.Sprintf(`{"error_code":%q,"message":%q}`, code, message)}
}

// PageAnswer returns a response that is not from the API.
func PageAnswer(status int, text string) Answer {
	return Answer{Status: status, MediaType: "text/html; charset=utf-8", Body: text}
}

// Answered returns a copy of the write with another response.
func (w Write) Answered(a Answer) Write {
	w.Answer = a
	return w
}

// NewScripted returns a server without responses.
func NewScripted(t *testing.T) *Scripted {
	t.Helper()
	s := &Scripted{T: t, reads: map[string]Answer{}}
	t.Cleanup(func() {
		for _, w := range s.writes {
			t.Errorf("%s was not called", w.Call)
		}
	})
	return s
}

// NewRecorded returns a server with the responses of a recorded one, see [Scripted.Answers] and [Scripted.As].
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
		s.T.Fatalf("%q is not recorded", name)
	}
	return e
}

// As returns a recorded response.
func (s *Scripted) As(name string) Answer {
	s.T.Helper()
	e := s.Exchange(name)
	return Answer{Status: e.Status, MediaType: e.Type, Body: e.text()}
}

// Answers adds recorded reads with their responses.
func (s *Scripted) Answers(names ...string) {
	s.T.Helper()
	for _, name := range names {
		s.reads[s.Exchange(name).Call] = s.As(name)
	}
}

// Writing returns a recorded write with its response.
func (s *Scripted) Writing(name string) Write {
	s.T.Helper()
	e := s.Exchange(name)
	return Write{Call: e.Call, Body: string(e.Body), Answer: s.As(name)}
}

// Read sets the response to a read.
func (s *Scripted) Read(call string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[call] = a
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

// Seen returns the requests since its last call, without their queries.
func (s *Scripted) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.calls
	s.calls = nil
	return seen
}

// ExpectSeen checks the requests since the last call of Seen, in their order.
func (s *Scripted) ExpectSeen(want ...string) {
	s.T.Helper()
	if got := s.Seen(); !slices.Equal(got, want) {
		s.T.Errorf("calls %q, want %q", got, want)
	}
}

// Count returns the number of requests of a kind since its last call for it, with any query.
func (s *Scripted) Count(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.calls), func(c string) bool { return c != call }))
}

// Client returns a client of the server.
func (s *Scripted) Client(backend mlflow.Backend, change ...func(*mlflow.Options)) *mlflow.Client {
	return Client(s, backend, change...)
}

// RoundTrip implements [http.RoundTripper].
func (s *Scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	a, meanwhile := s.answer(req)
	if meanwhile != nil {
		meanwhile()
	}
	if a.connection != nil {
		return nil, a.connection
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", a.MediaType)
	w.WriteHeader(a.Status)
	_, _ = w.WriteString(a.Body)
	return w.Result(), nil
}

func (s *Scripted) answer(req *http.Request) (a Answer, meanwhile func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, req.Method+" "+req.URL.Path)
	if isRead(req) {
		a, there := s.reads[req.Method+" "+req.URL.RequestURI()]
		if !there {
			return s.unexpected(req, "")
		}
		return a, nil
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
		s.T.Errorf("expected %s %s", w.Call, w.Body)
		return s.unexpected(req, string(body))
	}
	s.writes = s.writes[1:]
	for call, a := range w.Then {
		s.reads[call] = a
	}
	return w.Answer, w.Meanwhile
}

// isRead reports whether a request is a read. Searches are reads with any method.
func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || strings.HasSuffix(req.URL.Path, "/search")
}

func (s *Scripted) unexpected(req *http.Request, body string) (Answer, func()) {
	s.T.Errorf("unexpected %s %s %s", req.Method, req.URL.RequestURI(), body)
	return Refuse(http.StatusBadRequest, "UNEXPECTED", "unexpected call"), nil
}

func sameJSON(a, b string) bool {
	var x, y any
	return a == b || json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
