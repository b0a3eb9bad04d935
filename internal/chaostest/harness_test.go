package chaostest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestProxy sends each kind of fault once, before and after the effect, to check that the proxy injects it.
func TestProxy(t *testing.T) {
	const answered = `{"experiment_id":"7"}`
	cases := map[string]struct {
		body   string // empty if the connection breaks
		effect bool   // whether the request has its effect although the fault is not late
	}{
		"429": {`"REQUEST_LIMIT_EXCEEDED"`, false}, "429 after": {`"REQUEST_LIMIT_EXCEEDED"`, false}, "500": {`"INTERNAL_ERROR"`, false},
		"502": {`"BAD_GATEWAY"`, false}, "503": {`"TEMPORARILY_UNAVAILABLE"`, false}, "504": {`"DEADLINE_EXCEEDED"`, false},
		"500 html": {html, false}, "502 html": {html, false}, "503 html": {html, false}, "504 html": {html, false},
		"cut before": {"", false}, "cut after": {"", true}, "truncated": {"", true}, "stall": {answered, true},
		"400": {`"INVALID_PARAMETER_VALUE"`, false}, "409": {`"ABORTED"`, false},
		"{}": {
			"{}",
			false,
		}, "204": {"", false}, "null": {"null", false}, "200 ok": {`{"status":"ok"}`, false}, "200 error": {`"error_code"`, false},
		"another": {"another", false}, "empty page": {`{"experiments":[]}`, false}, "same page": {samePageBody, false},
	}
	for _, k := range kinds {
		want, known := cases[k.name]
		if !known {
			t.Errorf("%s is not tested", k.name)
		}
		for _, late := range []bool{false, k.late} {
			hit := k.fault
			hit.late, hit.delay = late, hit.delay/1000
			if k.make != nil {
				hit.body = k.make(request{call: call{page: "experiments"}}, func(request) string { return "another" })
			}
			status, body, effect := through(t, hit)
			if effect != (want.effect || late) || !strings.Contains(body, want.body) ||
				k.fault.cut == uncut && k.fault.status != 0 && status != k.fault.status {
				t.Errorf("%s, late %t: status %d, effect %t, body %q", k.name, late, status, effect, body)
			}
			if broken := status == 0; broken != (k.fault.cut != uncut) {
				t.Errorf("%s, late %t: connection broken: %t", k.name, late, broken)
			}
		}
	}
	if status, _, _ := through(t, fault{status: http.StatusNoContent, late: true, honest: true}); status != http.StatusNoContent {
		t.Errorf("honest response to a successful request: got %d", status)
	}
}

// through sends a request that gets a fault. The status is 0 without a complete response.
func through(t *testing.T, hit fault) (status int, body string, effect bool) {
	t.Helper()
	server := httptest.NewServer(&proxy{
		server: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			effect = true
			_, _ = io.WriteString(rw, `{"experiment_id":"7"}`)
		}),
		beforeCall: func(request) string { return "" }, nextFault: func(request) (fault, string) { return hit, "hit" }, log: io.Discard,
	})
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+experiments+"create", strings.NewReader("{}"))
	must(t, err)
	resp, err := server.Client().Do(r)
	if err != nil {
		return 0, "", effect
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, string(data), effect
	}
	return resp.StatusCode, string(data), effect
}
