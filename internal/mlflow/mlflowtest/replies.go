package mlflowtest

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// Bodies of responses about experiment 1.
const (
	Experiment1Body = `{"experiment":{"experiment_id":"1","name":"/x","creation_time":1700000000000}}`
	NotFoundBody    = `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Node ID 1 does not exist."}`
)

// Responder responds to one request, or returns an error of the connection.
type Responder func() (*http.Response, error)

// Replies is a transport that returns responses in order, and then the last one repeatedly. It is not safe for concurrent use.
type Replies struct {
	// Sent contains the requests, and At their times.
	Sent []*http.Request
	At   []time.Time

	list []Responder
}

// NewReplies returns a transport that returns responses in order.
func NewReplies(list ...Responder) *Replies { return &Replies{list: list} }

// RoundTrip implements [http.RoundTripper].
func (a *Replies) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	n := min(len(a.Sent), len(a.list)-1)
	a.Sent = append(a.Sent, req)
	a.At = append(a.At, time.Now())
	resp, err := a.list[n]()
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// Reply responds with a status, a body, and headers (name, value, …). Content-Type defaults to application/json.
func Reply(status int, body string, header ...string) Responder {
	return func() (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// Page responds with a web page.
func Page(status int, body string) Responder {
	return Reply(status, body, "Content-Type", "text/html; charset=utf-8")
}

// Fail fails with an error of the connection.
func Fail(err error) Responder {
	return func() (*http.Response, error) { return nil, err }
}
