package rest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Exchange is one attempt of a call, for a log. It contains no headers. Attempt is the number of the attempt, from 1, and RequestID the ID
// of the request in the logs of the server, "" if there is none.
type Exchange struct {
	Method, Path string
	// Status is the HTTP status, 0 if there was no response.
	Status    int
	Duration  time.Duration
	Attempt   int
	RequestID string
	Err       error
	// RequestBody and ResponseBody are the bodies without secrets, only for the most verbose log level.
	RequestBody, ResponseBody string
}

// attempts are the tries of one call. It is the transport of the call, so that each try is rate-limited, bounded by a timeout, read
// completely, and logged in one place.
type attempts struct {
	client *Client
	call   Call
	start  time.Time
	count  int
	wait   time.Duration
}

// RoundTrip implements [http.RoundTripper] with one attempt. It reads the body, so that an incomplete response is a failed attempt like any
// other broken connection.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := a.client.throttles.wait(req.Context(), a.call.Group, a.start.Add(a.client.options.RetryTimeout)); err != nil {
		return nil, err
	}
	a.count++
	ctx, cancel := context.WithTimeout(req.Context(), a.client.options.HTTPTimeout)
	defer cancel()
	started := time.Now()
	resp, body, err := a.exchange(req.WithContext(ctx))
	a.log(req, resp, body, started, err)
	if err != nil {
		return nil, err
	}
	a.client.responded.Store(true)
	if isThrottled(resp.StatusCode, errorCode(body), body) {
		a.client.throttles.refused(a.call.Group, started)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func (a *attempts) exchange(req *http.Request) (*http.Response, []byte, error) {
	resp, err := a.client.options.Transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := a.read(resp)
	return resp, body, err
}

// read reads a response. It reads only a success in JSON beyond the part that a message can quote.
func (a *attempts) read(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err == nil && len(body) == maxErrorBody && resp.StatusCode < http.StatusMultipleChoices && isJSON(resp, body) {
		rest := &io.LimitedReader{R: resp.Body, N: a.call.limit()}
		var more []byte
		more, err = io.ReadAll(rest)
		if rest.N == 0 {
			return nil, tooLargeError{a.call.limit()}
		}
		body = append(body, more...)
	}
	if err != nil {
		return nil, fmt.Errorf("the response ended early: %w", err)
	}
	return body, nil
}

func (a *attempts) log(req *http.Request, resp *http.Response, body []byte, started time.Time, err error) {
	e := Exchange{Method: req.Method, Path: req.URL.Path, Duration: time.Since(started), Attempt: a.count, Err: err}
	if resp != nil {
		e.Status, e.RequestID = resp.StatusCode, resp.Header.Get("X-Request-Id")
	}
	e.RequestBody, e.ResponseBody = a.loggedBodies(req, body)
	a.client.options.Log(req.Context(), e)
}

// loggedBodies returns the bodies of an attempt without secrets.
func (a *attempts) loggedBodies(req *http.Request, body []byte) (request, response string) {
	if len(a.call.Secrets) > 0 {
		return withheldBody, withheldBody
	}
	if req.GetBody != nil {
		if r, err := req.GetBody(); err == nil {
			sent, _ := io.ReadAll(r)
			request = a.client.redact(string(sent))
		}
	}
	return request, a.client.redact(string(body))
}
