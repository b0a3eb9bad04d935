package rest

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// cancelledTimeout bounds what makes up for a failed call once the run is cancelled.
const cancelledTimeout = 20 * time.Second

// AfterFailure returns a context for making up for a failed call: for looking whether it had an effect, or undoing half of a change. It
// outlives ctx, but by 20 seconds at most.
func AfterFailure(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cancelledTimeout, cancel) })
	return detached, func() {
		stop()
		cancel()
	}
}

// IsUncertain tells that a failed call may have taken effect all the same.
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

// IsInvalidResponse reports whether the server returned a success that is not a response of the API, such as a sign-in page. Another try would
// return the same.
func IsInvalidResponse(err error) bool {
	e, ok := asAPIError(err)
	return ok && e.Status < http.StatusMultipleChoices
}

// Confirm turns a refusal of a repeated call into success when a read shows that an earlier try took effect.
func Confirm(ctx context.Context, err error, refused func(error) bool, done func(context.Context) bool) error {
	if wasRetried(err) && refused(err) && done(ctx) {
		return nil
	}
	return err
}

// WaitForRetry waits before the next try of something that takes more than one call, as long as do waits after the nth try. It reports
// whether there is time left: less than the retry timeout has passed since start, and ctx has not ended.
func (c *Client) WaitForRetry(ctx context.Context, start time.Time, n int) bool {
	return time.Since(start) < c.options.RetryTimeout && sleep(ctx, backoffStep(n))
}

// wasRetried tells that an error answered a second or later try: the first may have taken effect.
func wasRetried(err error) bool {
	e, ok := asAPIError(err)
	return ok && e.Attempts > 1
}
