package traffic

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"time"
)

// Call is a request to the workspace. Status is 0 if the client got no response.
type Call struct {
	Method, Path, Query, Body, Principal, UserAgent string
	Status                                          int
	Header                                          http.Header // of the request, without Authorization
}

// Journal returns all requests since the last reset, in the order in which they ended.
func (l *Layer) Journal() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// ResetJournal removes all requests from the journal.
func (l *Layer) ResetJournal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = nil
}

// Count returns the number of requests with a method to paths that match a pattern (see path.Match). An empty method or pattern matches
// all.
func (l *Layer) Count(method, pathPattern string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, c := range l.calls {
		if matchesRoute(method, pathPattern, c.Method, c.Path) {
			n++
		}
	}
	return n
}

// matchesRoute panics if the pattern is malformed, because that is an error in the calling test.
func matchesRoute(method, pattern, gotMethod, gotPath string) bool {
	if method != "" && method != gotMethod {
		return false
	}
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, gotPath)
	if err != nil {
		panic("emulator: pattern " + pattern + ": " + err.Error())
	}
	return ok
}

// record adds a request to the journal before its response is sent, so that a client that has the response finds the request there.
func (l *Layer) record(r *http.Request, body []byte, status int, started time.Time) {
	c := Call{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Body: string(body), Principal: l.options.Principal(r),
		UserAgent: r.UserAgent(), Status: status, Header: r.Header.Clone(),
	}
	c.Header.Del("Authorization")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, c)
	if l.options.Journal == nil {
		return
	}
	// The request succeeds even if the journal cannot be written.
	_ = json.NewEncoder(l.options.Journal).Encode(struct {
		Time         time.Time `json:"time"`
		Method       string    `json:"method"`
		Path         string    `json:"path"`
		Query        string    `json:"query,omitempty"`
		Status       int       `json:"status"`
		Principal    string    `json:"principal,omitempty"`
		UserAgent    string    `json:"user_agent,omitempty"`
		Milliseconds int64     `json:"milliseconds"`
	}{l.options.Now().UTC(), c.Method, c.Path, c.Query, c.Status, c.Principal, c.UserAgent, time.Since(started).Milliseconds()})
}
