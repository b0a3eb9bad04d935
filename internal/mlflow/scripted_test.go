package mlflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// scripted is a server whose every answer the test says beforehand. Reads are answered from a table, as often as they come, and writes in their
// order, each once. Any other call fails the test, and so does a write that does not come. It is the client's transport, so that the clock of
// testing/synctest works.
type scripted struct {
	t        *testing.T
	recorded map[string]exchange

	mu     sync.Mutex
	reads  map[string]answer
	writes []write
	calls  []string
}

// answer is what comes back.
type answer struct {
	status     int
	mediaType  string
	body       string
	connection error // instead of an answer
}

// write is a call that changes something. What is in then is what reads answer from then on.
type write struct {
	call, body string
	answer     answer
	then       map[string]answer
	// meanwhile is called before the answer.
	meanwhile func()
}

// The ways in which a connection fails: before the server got the request, and after it.
var (
	notReached = answer{connection: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	lost       = answer{connection: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}}
)

// ok is a successful answer, refuse the API's refusal, and pageAnswer something that is not the API's.
func ok(body string) answer {
	return answer{status: http.StatusOK, mediaType: "application/json", body: body}
}

func refuse(status int, code, message string) answer {
	return answer{status: status, mediaType: "application/json", body: fmt.Sprintf(`{"error_code":%q,"message":%q}`, code, message)}
}

func pageAnswer(status int, text string) answer {
	return answer{status: status, mediaType: "text/html; charset=utf-8", body: text}
}

// newScripted makes a server that knows no answer yet.
func newScripted(t *testing.T) *scripted {
	t.Helper()
	s := &scripted{t: t, reads: map[string]answer{}}
	t.Cleanup(func() {
		for _, w := range s.writes {
			t.Errorf("%s was not called", w.call)
		}
	})
	return s
}

// newRecorded makes a server that knows the answers of a recorded one, see [scripted.answers] and [scripted.as].
func newRecorded(t *testing.T, recording string) *scripted {
	t.Helper()
	s := newScripted(t)
	s.recorded = readRecording(t, recording)
	return s
}

// exchange gives a recorded exchange.
func (s *scripted) exchange(name string) exchange {
	s.t.Helper()
	e, ok := s.recorded[name]
	if !ok {
		s.t.Fatalf("%q is not recorded", name)
	}
	return e
}

// as is a recorded answer.
func (s *scripted) as(name string) answer {
	s.t.Helper()
	e := s.exchange(name)
	return answer{status: e.Status, mediaType: e.Type, body: e.text()}
}

// answers lets recorded reads be answered as they were.
func (s *scripted) answers(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.reads[s.exchange(name).Call] = s.as(name)
	}
}

// read says what a read is answered.
func (s *scripted) read(call string, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[call] = a
}

// expect adds writes to those that are expected.
func (s *scripted) expect(writes ...write) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, writes...)
}

// seen gives the calls so far, without their queries, and forgets them.
func (s *scripted) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.calls
	s.calls = nil
	return seen
}

// expectSeen checks the calls since the last look, in their order.
func (s *scripted) expectSeen(want ...string) {
	s.t.Helper()
	if got := s.seen(); !slices.Equal(got, want) {
		s.t.Errorf("calls %q, want %q", got, want)
	}
}

// count returns how often a call came since it was asked last, whatever the query.
func (s *scripted) count(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.calls), func(c string) bool { return c != call }))
}

// client is a client of the server.
func (s *scripted) client(backend mlflow.Backend, change ...func(*mlflow.Options)) *mlflow.Client {
	base, _ := url.Parse("http://mlflow.test")
	o := mlflow.Options{
		Backend:   backend,
		Endpoint:  func(context.Context) (mlflow.Endpoint, error) { return mlflow.Endpoint{BaseURL: base}, nil },
		Transport: s,
	}
	for _, f := range change {
		f(&o)
	}
	return mlflow.New(o)
}

// RoundTrip implements [http.RoundTripper].
func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
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
	w.Header().Set("Content-Type", a.mediaType)
	w.WriteHeader(a.status)
	_, _ = w.WriteString(a.body)
	return w.Result(), nil
}

func (s *scripted) answer(req *http.Request) (a answer, meanwhile func()) {
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
	if w.call != req.Method+" "+req.URL.RequestURI() || !sameJSON(w.body, string(body)) {
		s.t.Errorf("expected %s %s", w.call, w.body)
		return s.unexpected(req, string(body))
	}
	s.writes = s.writes[1:]
	for call, a := range w.then {
		s.reads[call] = a
	}
	return w.answer, w.meanwhile
}

// isRead: searches are reads, whatever their method.
func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || strings.HasSuffix(req.URL.Path, "/search")
}

func (s *scripted) unexpected(req *http.Request, body string) (answer, func()) {
	s.t.Errorf("unexpected %s %s %s", req.Method, req.URL.RequestURI(), body)
	return refuse(http.StatusBadRequest, "UNEXPECTED", "unexpected call"), nil
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// user and group name principals.
func user(name string) mlflow.Principal { return mlflow.Principal{Kind: mlflow.KindUser, Name: name} }

func group(name string) mlflow.Principal { return mlflow.Principal{Kind: mlflow.KindGroup, Name: name} }

// holdings gives the levels in an access control list, in order: "KIND NAME" has "LEVEL; LEVEL from ORIGIN", the latter inherited.
func holdings(acl mlflow.ACL) map[string]string {
	held := map[string]string{}
	for _, e := range acl.Entries {
		var levels []string
		for _, p := range e.Permissions {
			level := p.Level
			if p.Inherited {
				level += " from " + strings.Join(p.InheritedFrom, ", ")
			}
			levels = append(levels, level)
		}
		slices.Sort(levels)
		held[string(e.Principal.Kind)+" "+e.Principal.Name] = strings.Join(levels, "; ")
	}
	return held
}

// expectHeld checks an access control list.
func expectHeld(t *testing.T, acl mlflow.ACL, want map[string]string) {
	t.Helper()
	if got := holdings(acl); !reflect.DeepEqual(got, want) {
		t.Errorf("the list holds %v, want %v", got, want)
	}
}
