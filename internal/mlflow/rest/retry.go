package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	// initialBackoff and maxBackoff bound the exponential backoff; the wait is drawn between 0 and the step (full jitter).
	initialBackoff = 250 * time.Millisecond
	maxBackoff     = 20 * time.Second
	// maxDialTries is how often a host that never answered anything is dialled.
	maxDialTries = 3
)

// checkRetry implements [retryablehttp.CheckRetry].
func (a *attempts) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if a.call.NoRetry || !a.shouldRetry(resp, err) {
		return false, nil
	}
	a.wait = a.nextWait(resp)
	return a.wait < a.client.options.RetryTimeout-time.Since(a.start), nil
}

func (a *attempts) shouldRetry(resp *http.Response, err error) bool {
	if err != nil {
		return (!a.call.NotIdempotent || dialFailed(err)) && a.isTransient(err)
	}
	body := peek(resp)
	code := errorCode(body)
	if isThrottled(resp.StatusCode, code, body) {
		return true
	}
	return !a.call.NotIdempotent && isTransientStatus(resp.StatusCode, code) &&
		!isDisabledFeature(resp.StatusCode, body) && !isImmutableACL(resp.StatusCode, body)
}

// isTransient reports whether a failed attempt may go better next time.
func (a *attempts) isTransient(err error) bool {
	var dns *net.DNSError
	if isPermanent(err) || errors.As(err, &dns) && dns.IsNotFound {
		return false
	}
	if dialFailed(err) && !a.client.answered.Load() && a.count >= maxDialTries {
		return false
	}
	// The library knows which errors are final: certificates, schemes, redirects, headers.
	retry, _ := retryablehttp.ErrorPropagatedRetryPolicy(context.Background(), nil, err)
	return retry
}

// isPermanent: the transport says so of settings and credentials that will not get better.
func isPermanent(err error) bool {
	var permanent interface{ Permanent() bool }
	return errors.As(err, &permanent) && permanent.Permanent()
}

// dialFailed reports that there was no connection, to the server or to the proxy in front of it, and so no effect.
func dialFailed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// isThrottled: a request refused for its rate had no effect. The code counts even under another status. A number of objects that is used
// up, which servers refuse alike, stays so.
func isThrottled(status int, code string, text []byte) bool {
	limited := status == http.StatusTooManyRequests || code == "REQUEST_LIMIT_EXCEEDED" || code == "RESOURCE_EXHAUSTED"
	return limited && !quotaText.Match(text[:min(len(text), maxErrorBody)])
}

func isTransientStatus(status int, code string) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusInternalServerError:
		return code != "INVALID_STATE" && code != "FEATURE_DISABLED" && code != "DATA_LOSS"
	default:
		return false
	}
}

// isDisabledFeature: an MLflow server without workspaces answers the calls about them with a page that says so, and with the status of one that
// is busy.
func isDisabledFeature(status int, text []byte) bool {
	text = text[:min(len(text), maxErrorBody)]
	return status == http.StatusServiceUnavailable && bytes.Contains(text, []byte("running without workspaces support"))
}

// isImmutableACL: Databricks answers a change of the permissions of /Shared, and of other special folders, like a failure.
func isImmutableACL(status int, text []byte) bool {
	text = text[:min(len(text), maxErrorBody)]
	return status == http.StatusInternalServerError && bytes.Contains(text, []byte("Cannot modify permissions of directory"))
}

// nextWait is what the server asks for (Retry-After, RetryInfo), or else an exponential step with full jitter.
func (a *attempts) nextWait(resp *http.Response) time.Duration {
	if resp != nil {
		if asked := retryAfter(resp.Header.Get("Retry-After")); asked > 0 {
			return asked
		}
		if asked := retryInfo(peek(resp)); asked > 0 {
			return asked
		}
	}
	return backoffStep(a.count)
}

// retryAfter is the wait that a header asks for, in seconds or until a date; 0 if it asks for none. The library has a function for it, but
// there many seconds overflow to few or none.
func retryAfter(header string) time.Duration {
	if date, err := http.ParseTime(header); err == nil {
		return time.Until(date)
	}
	const longest = math.MaxInt64 / int64(time.Second)
	seconds, err := strconv.ParseInt(header, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // out of range, it is the largest number
		return 0
	}
	return time.Duration(min(seconds, longest)) * time.Second
}

// backoffStep is the wait after the nth try.
func backoffStep(n int) time.Duration {
	step := maxBackoff
	if n < 8 { // beyond, the step is past maxBackoff anyway
		step = min(initialBackoff<<max(n-1, 0), maxBackoff)
	}
	return rand.N(step)
}

// sleep waits, and reports whether ctx lasted as long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// backoff implements [retryablehttp.Backoff] with the wait that checkRetry weighed against the time left.
func (a *attempts) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
	return a.wait
}

// peek reads a buffered body and puts it back.
func peek(resp *http.Response) []byte {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body
}
