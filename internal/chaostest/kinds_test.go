package chaostest

import (
	"fmt"
	"slices"
	"time"
)

// fault is what happens to a request. The zero value is no fault.
type fault struct {
	// status, body, and header replace the response of the server.
	status int
	body   string
	header map[string]string
	// delay delays the request before it has an effect.
	delay time.Duration
	cut   cut
	// late means that the request has its effect before the response of the fault is sent. An honest fault is sent only if the request
	// succeeded.
	late, honest bool
}

// cut is the place where the connection breaks.
type cut int

const (
	uncut cut = iota
	cutBefore
	cutAfter
	cutHalf // in the middle of the server's response
)

// kind is a kind of fault.
type kind struct {
	name  string
	fault fault
	// slow faults take a second or more. A round has only a few.
	slow bool
	// late faults can also be sent after the request had its effect.
	late bool
	// final faults are not retried.
	final bool
	// right means that the response is correct for a call that returns nothing else. It is then sent after the effect, because the provider
	// cannot recognize it as a fault.
	right bool
	// make returns the body for a request, if it depends on the request.
	make answerTo
	// pages means that the fault is only for searches.
	pages bool
}

// answerTo returns a response body for a request. another returns the response of the server about another object.
type answerTo func(r request, another func(request) string) string

const html = "<html><head><title>Oops</title></head><body><pre>upstream connect error</pre></body></html>"

// stall is longer than http_timeout_seconds of the provider.
const stall = 1500 * time.Millisecond

const (
	// samePage is a page token that never changes.
	samePage     = "c2FtZSBwYWdl"
	samePageBody = `{"next_page_token":"` + samePage + `"}`
)

var kinds = []kind{
	{name: "429", fault: errorFault(429, "REQUEST_LIMIT_EXCEEDED")},
	{name: "429 after", slow: true, fault: fault{
		status: 429, body: errorFault(429, "REQUEST_LIMIT_EXCEEDED").body, header: map[string]string{"Retry-After": "1"},
	}},
	{name: "500", late: true, fault: errorFault(500, "INTERNAL_ERROR")},
	{name: "502", late: true, fault: errorFault(502, "BAD_GATEWAY")},
	{name: "503", late: true, fault: errorFault(503, "TEMPORARILY_UNAVAILABLE")},
	{name: "504", late: true, fault: errorFault(504, "DEADLINE_EXCEEDED")},
	{name: "500 html", late: true, fault: fault{status: 500, body: html}},
	{name: "502 html", late: true, fault: fault{status: 502, body: html}},
	{name: "503 html", late: true, fault: fault{status: 503, body: html}},
	{name: "504 html", late: true, fault: fault{status: 504, body: html}},
	{name: "cut before", fault: fault{cut: cutBefore}},
	{name: "cut after", fault: fault{cut: cutAfter}},
	{name: "truncated", fault: fault{cut: cutHalf}},
	{name: "stall", slow: true, fault: fault{delay: stall}},
	{name: "400", final: true, fault: errorFault(400, "INVALID_PARAMETER_VALUE")},
	{name: "409", final: true, fault: errorFault(409, "ABORTED")},
	{name: "{}", late: true, right: true, fault: fault{status: 200, body: "{}"}},
	{name: "204", late: true, right: true, fault: fault{status: 204}},
	{name: "null", late: true, fault: fault{status: 200, body: "null"}},
	{name: "200 ok", late: true, fault: fault{status: 200, body: `{"status":"ok"}`}},
	{name: "200 error", late: true, fault: fault{status: 200, body: errorFault(500, "INTERNAL_ERROR").body}},
	{name: "another", late: true, fault: fault{status: 200}, make: func(r request, another func(request) string) string { return another(r) }},
	{name: "empty page", pages: true, fault: fault{status: 200}, make: func(r request, _ func(request) string) string {
		return fmt.Sprintf(`{%q:[]}`, r.page)
	}},
	{name: "same page", pages: true, fault: fault{status: 200, body: samePageBody}},
}

// errorFault returns an error response in the form of both kinds of servers.
func errorFault(status int, code string) fault {
	return fault{status: status, body: fmt.Sprintf(`{"error_code":%q,"message":"Not while we are moving."}`, code)}
}

// kindsFor returns the kinds of faults for a call.
func kindsFor(c call) []kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return k.pages && c.page == "" })
}
