package chaostest

import (
	"fmt"
	"slices"
	"time"
)

// fault is what happens to one call. The zero value is none.
type fault struct {
	// status and body are the answer instead of the server's own; header goes with it.
	status int
	body   string
	header map[string]string
	// delay passes before anything happens.
	delay time.Duration
	cut   cut
	// late lets the call have its effect although the fault's own answer is sent. An honest one comes only where the
	// call succeeded.
	late, honest bool
}

// cut tells where a connection breaks.
type cut int

const (
	uncut cut = iota
	cutBefore
	cutAfter
	cutHalf // in the middle of the server's answer
)

// kind is one way in which a call goes wrong.
type kind struct {
	name  string
	fault fault
	// slow ones take a second or more, of which a round has only a few.
	slow bool
	// late ones may also come after the call had its effect.
	late bool
	// final ones are not worth a second try.
	final bool
	// right is the right answer of a call that answers nothing else: there it comes after the effect, since nobody could tell.
	right bool
	// make gives the answer to one request, where it depends on it.
	make answerTo
	// pages tells that it can only come to a search.
	pages bool
}

// answerTo makes an answer to a request; another gives what the server says about another object.
type answerTo func(r request, another func(request) string) string

const html = "<html><head><title>Oops</title></head><body><pre>upstream connect error</pre></body></html>"

// stall is longer than the provider's http_timeout_seconds.
const stall = 1500 * time.Millisecond

const (
	// samePage is a page token that never changes.
	samePage     = "c2FtZSBwYWdl"
	samePageBody = `{"next_page_token":"` + samePage + `"}`
)

var kinds = []kind{
	{name: "429", fault: refusal(429, "REQUEST_LIMIT_EXCEEDED")},
	{name: "429 after", slow: true, fault: fault{
		status: 429, body: refusal(429, "REQUEST_LIMIT_EXCEEDED").body, header: map[string]string{"Retry-After": "1"},
	}},
	{name: "500", late: true, fault: refusal(500, "INTERNAL_ERROR")},
	{name: "502", late: true, fault: refusal(502, "BAD_GATEWAY")},
	{name: "503", late: true, fault: refusal(503, "TEMPORARILY_UNAVAILABLE")},
	{name: "504", late: true, fault: refusal(504, "DEADLINE_EXCEEDED")},
	{name: "500 html", late: true, fault: fault{status: 500, body: html}},
	{name: "502 html", late: true, fault: fault{status: 502, body: html}},
	{name: "503 html", late: true, fault: fault{status: 503, body: html}},
	{name: "504 html", late: true, fault: fault{status: 504, body: html}},
	{name: "cut before", fault: fault{cut: cutBefore}},
	{name: "cut after", fault: fault{cut: cutAfter}},
	{name: "truncated", fault: fault{cut: cutHalf}},
	{name: "stall", slow: true, fault: fault{delay: stall}},
	{name: "400", final: true, fault: refusal(400, "INVALID_PARAMETER_VALUE")},
	{name: "409", final: true, fault: refusal(409, "ABORTED")},
	{name: "{}", late: true, right: true, fault: fault{status: 200, body: "{}"}},
	{name: "204", late: true, right: true, fault: fault{status: 204}},
	{name: "null", late: true, fault: fault{status: 200, body: "null"}},
	{name: "200 ok", late: true, fault: fault{status: 200, body: `{"status":"ok"}`}},
	{name: "200 error", late: true, fault: fault{status: 200, body: refusal(500, "INTERNAL_ERROR").body}},
	{name: "another", late: true, fault: fault{status: 200}, make: func(r request, another func(request) string) string { return another(r) }},
	{name: "empty page", pages: true, fault: fault{status: 200}, make: func(r request, _ func(request) string) string {
		return fmt.Sprintf(`{%q:[]}`, r.page)
	}},
	{name: "same page", pages: true, fault: fault{status: 200, body: samePageBody}},
}

// refusal is an error in the shape that both kinds of servers have.
func refusal(status int, code string) fault {
	return fault{status: status, body: fmt.Sprintf(`{"error_code":%q,"message":"Not while we are moving."}`, code)}
}

// kindsFor lists what can happen to a call.
func kindsFor(c call) []kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return k.pages && c.page == "" })
}
