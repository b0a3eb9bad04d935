package traffic

import (
	"bytes"
	"io"
	"net/http"
)

// hook is a function that acts between two calls.
type hook struct {
	method, pattern string
	run             func(*http.Request)
}

// Before runs fn before each matching call has any effect, outside of any lock: there it can do what somebody else might
// have done meanwhile. An empty method or pattern matches all.
func (l *Layer) Before(method, pathPattern string, fn func(r *http.Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hooks = append(l.hooks, hook{method, pathPattern, fn})
}

func (l *Layer) runHooks(r *http.Request, body []byte) {
	l.mu.Lock()
	hooks := l.hooks[:len(l.hooks):len(l.hooks)]
	l.mu.Unlock()
	for _, h := range hooks {
		if matchesRoute(h.method, h.pattern, r.Method, r.URL.Path) {
			r.Body = io.NopCloser(bytes.NewReader(body))
			h.run(r)
		}
	}
}
