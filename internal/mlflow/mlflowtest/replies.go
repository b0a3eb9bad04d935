package mlflowtest

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// Bodies of answers about experiment 1.
const (
	Experiment1Body = `{"experiment":{"experiment_id":"1","name":"/x","creation_time":1700000000000}}`
	NotFoundBody    = `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Node ID 1 does not exist."}`
)

// Response is what one request is answered.
type Response func() (*http.Response, error)

// Replies is a transport that plays back responses in order, the last one for ever. It serves one request at a time.
type Replies struct {
	// Sent are the requests so far, and At the times at which they came.
	Sent []*http.Request
	At   []time.Time

	list []Response
}

// NewReplies returns a transport that plays back responses.
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

// Reply is a response in JSON, unless the header says otherwise: names and values in turn.
func Reply(status int, body string, header ...string) Response {
	return func() (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// Page is a response with a web page.
func Page(status int, body string) Response {
	return Reply(status, body, "Content-Type", "text/html; charset=utf-8")
}

// Fail is a connection that fails.
func Fail(err error) Response {
	return func() (*http.Response, error) { return nil, err }
}
