package rest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Exchange describes one attempt of one call, for a log. It never holds a header.
type Exchange struct {
	Method, Path string
	// Status is 0 when no answer came.
	Status    int
	Duration  time.Duration
	Attempt   int
	RequestID string
	Err       error
	// RequestBody and ResponseBody are for the most verbose log level only.
	RequestBody, ResponseBody string
}

// attempts carries one call through its retries. It is the transport of the call, so that each attempt is limited,
// timed, read whole and logged in one place.
type attempts struct {
	client *Client
	call   Call
	start  time.Time
	count  int
	wait   time.Duration
}

// RoundTrip implements [http.RoundTripper]: one attempt. The body is read here, so that an answer that breaks off is a
// failed attempt like any other broken connection.
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
	a.client.answered.Store(true)
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

// read reads a response. Only a success in JSON is read beyond what a message can quote.
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

// loggedBodies are the bodies of an attempt as they may be logged.
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
