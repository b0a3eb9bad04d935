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

// Response is the response to one request.
type Response func() (*http.Response, error)

// Replies is a transport that returns responses in order, and then the last one repeatedly. It handles one request at a time.
type Replies struct {
	// Sent has the requests, and At their times.
	Sent []*http.Request
	At   []time.Time

	list []Response
}

// NewReplies returns a transport that returns responses in order.
func NewReplies(list ...Response) *Replies { return &Replies{list: list} }

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

// Reply returns a response. header has names and values in turn; without a Content-Type, the response is JSON.
func Reply(status int, body string, header ...string) Response {
	return func() (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// Page returns a response with a web page.
func Page(status int, body string) Response {
	return Reply(status, body, "Content-Type", "text/html; charset=utf-8")
}

// Fail returns a failure of the connection.
func Fail(err error) Response {
	return func() (*http.Response, error) { return nil, err }
}
