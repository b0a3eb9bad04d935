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
	// initialBackoff and maxBackoff bound the exponential backoff. The wait is random between 0 and the step (full jitter).
	initialBackoff = 250 * time.Millisecond
	maxBackoff     = 20 * time.Second
	// maxDialTries is the maximum number of tries to connect to a host that never responded.
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

// isTransient reports whether another try of a failed attempt can succeed.
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

// isPermanent reports whether the transport marked an error as permanent, as for invalid settings and credentials.
func isPermanent(err error) bool {
	var permanent interface{ Permanent() bool }
	return errors.As(err, &permanent) && permanent.Permanent()
}

// dialFailed reports whether the connection to the server or its proxy failed, so that the call had no effect.
func dialFailed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// isThrottled reports whether a request was rate-limited, and so had no effect. Servers also send the code with other statuses, and for an
// exceeded number of objects, which is not a rate limit.
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

// isDisabledFeature reports whether an MLflow server without workspaces rejected a call for workspaces, which it does with a page and the
// status of a busy server.
func isDisabledFeature(status int, text []byte) bool {
	text = text[:min(len(text), maxErrorBody)]
	return status == http.StatusServiceUnavailable && bytes.Contains(text, []byte("running without workspaces support"))
}

// isImmutableACL reports whether Databricks rejected a change of the permissions of /Shared or another special folder, which it does with
// the status of a server failure.
func isImmutableACL(status int, text []byte) bool {
	text = text[:min(len(text), maxErrorBody)]
	return status == http.StatusInternalServerError && bytes.Contains(text, []byte("Cannot modify permissions of directory"))
}

// nextWait returns the wait that the server specifies (Retry-After, RetryInfo), or else an exponential step with full jitter.
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

// retryAfter returns the wait in a Retry-After header, in seconds or until a date; 0 if there is none. In the function of the library, a
// large number of seconds overflows.
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

// backoffStep returns the wait after the nth try.
func backoffStep(n int) time.Duration {
	step := maxBackoff
	if n < 8 { // beyond, the step is past maxBackoff anyway
		step = min(initialBackoff<<max(n-1, 0), maxBackoff)
	}
	return rand.N(step)
}

// sleep waits, and reports whether ctx is still active.
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

// backoff implements [retryablehttp.Backoff] with the wait that checkRetry compared with the time left.
func (a *attempts) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
	return a.wait
}

// peek returns a buffered body, which can be read again.
func peek(resp *http.Response) []byte {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return body
}
