package traffic

import (
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"time"
)

// Call is one request that the workspace got. Status is 0 when the client never saw one.
type Call struct {
	Method, Path, Query, Body, Principal, UserAgent string
	Status                                          int
	Header                                          http.Header // of the request, without Authorization
}

// Journal returns every call so far, in the order in which they ended.
func (l *Layer) Journal() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// ResetJournal forgets the calls so far.
func (l *Layer) ResetJournal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = nil
}

// Count counts the calls of a method to paths that match the pattern (see path.Match); an empty method or pattern matches all.
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

// matchesRoute panics on a malformed pattern, which is a mistake of the test that wrote it.
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

// record notes a call before its response is sent, so that a client that has the response finds the call in the journal.
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
	// A journal that can't be written is no reason to fail the request.
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
