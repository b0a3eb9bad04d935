package traffic

import (
	"bytes"
	"io"
	"net/http"
)

// hook is a function that runs before a request.
type hook struct {
	method, pattern string
	run             func(*http.Request)
}

// Before runs fn before each matching request has an effect, without any lock, so that fn can change the workspace as a concurrent user
// would. An empty method or pattern matches all.
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
