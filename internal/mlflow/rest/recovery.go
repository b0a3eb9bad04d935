package rest

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// cancelledTimeout is the maximum time for recovery from a failed call after the run is canceled.
const cancelledTimeout = 20 * time.Second

// AfterFailure returns a context for recovery from a failed call: for checking whether it had an effect, or for undoing part of a change.
// It ends at most 20 seconds after ctx.
func AfterFailure(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cancelledTimeout, cancel) })
	return detached, func() {
		stop()
		cancel()
	}
}

// IsUncertain reports whether a failed call may have had an effect.
func IsUncertain(err error) bool {
	e, ok := asAPIError(err)
	if _, tooLarge := errors.AsType[tooLargeError](err); tooLarge {
		return true
	}
	if !ok {
		return err != nil && !isPermanent(err) && !dialFailed(err)
	}
	return e.Status < 300 || isTransientStatus(e.Status, e.Code) && !isDisabledFeature(e.Status, []byte(e.Message))
}

// IsInvalidResponse reports whether the server returned a success that is not a response of the API, such as a sign-in page. Another try
// would return the same.
func IsInvalidResponse(err error) bool {
	e, ok := asAPIError(err)
	return ok && e.Status < http.StatusMultipleChoices
}

// Confirm returns nil if a repeated call was rejected because an earlier try of it had the effect, which done verifies with a read.
// Otherwise it returns err.
func Confirm(ctx context.Context, err error, refused func(error) bool, done func(context.Context) bool) error {
	if wasRetried(err) && refused(err) && done(ctx) {
		return nil
	}
	return err
}

// WaitForRetry waits before the next try of an operation of several calls, as long as [Client.Do] waits after the nth try. It reports
// whether there is time left: less than the retry timeout has passed since start, and ctx has not ended.
func (c *Client) WaitForRetry(ctx context.Context, start time.Time, n int) bool {
	return time.Since(start) < c.options.RetryTimeout && sleep(ctx, backoffStep(n))
}

// wasRetried reports whether an error is that of a second or later try: the first may have had an effect.
func wasRetried(err error) bool {
	e, ok := asAPIError(err)
	return ok && e.Attempts > 1
}
