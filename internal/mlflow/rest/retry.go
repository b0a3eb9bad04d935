package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/httpretry"
)

// maxBackoff is the maximum step of the exponential backoff.
const maxBackoff = 20 * time.Second

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
		return (!a.call.NotIdempotent || httpretry.DialFailed(err)) && a.isTransient(err)
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
	if httpretry.DialFailed(err) && !a.client.responded.Load() && a.count >= httpretry.MaxDialTries {
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
		if asked := httpretry.RetryAfter(resp.Header.Get("Retry-After")); asked > 0 {
			return asked
		}
		if asked := retryInfo(peek(resp)); asked > 0 {
			return asked
		}
	}
	return httpretry.Backoff(a.count, maxBackoff)
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
