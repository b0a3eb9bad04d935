package chaostest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/traffic"
)

// proxy is in front of a server. Before each request of the provider, another user can change the server, and the request can get a fault.
type proxy struct {
	server http.Handler
	calls  []call
	// beforeCall lets another user change the server before a request, and returns a description of the change.
	beforeCall func(request) string
	// nextFault returns the fault of a request, and its name.
	nextFault func(request) (fault, string)

	mu  sync.Mutex
	log io.Writer
}

func (f *proxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client closed the connection
	}
	req := request{Request: r, body: body}
	req.call, req.known = findCall(f.calls, r)
	changed := f.beforeCall(req)
	hit, name := f.nextFault(req)
	if !traffic.Wait(r.Context(), hit.delay) {
		f.record(req, name, changed, 0)
		return
	}
	answer := traffic.NewResponseRecorder()
	if hit.cut != cutBefore && (hit.status == 0 || hit.late) {
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.server.ServeHTTP(answer, r)
	}
	if hit.status != 0 && (!hit.honest || answer.Status == http.StatusOK) {
		answer = hit.response()
	}
	f.record(req, name, changed, answer.Status)
	if hit.cut == cutBefore || hit.cut == cutAfter {
		traffic.BreakConnection(rw)
		return
	}
	answer.Send(rw, hit.cut == cutHalf)
}

// response returns the response of the fault.
func (f fault) response() *traffic.ResponseRecorder {
	a := traffic.NewResponseRecorder()
	a.Status = f.status
	a.Body.WriteString(f.body)
	if f.body != "" {
		a.Header().Set("Content-Type", traffic.ContentType(f.body))
	}
	for key, value := range f.header {
		a.Header().Set(key, value)
	}
	return a
}

// record adds a request to the log of the world.
func (f *proxy) record(r request, hit, changed string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = fmt.Fprintf(f.log, "%s %3d %-10s %s\n", time.Now().Format("15:04:05.000"), status, hit, r.text())
	if changed != "" {
		_, _ = fmt.Fprintf(f.log, "%s     before it: %s\n", time.Now().Format("15:04:05.000"), changed)
	}
}
