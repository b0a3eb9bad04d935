package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/httpretry"
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
		return err != nil && !isPermanent(err) && !httpretry.DialFailed(err)
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

// DoCreate is Do for a call that creates an object, which must not be repeated blindly. If the response is lost or unclear, look looks up
// the object, also after ctx has ended, and reports whether it can be the created one; its error is one for which [IsNotFound] is true if
// the object does not exist, and only then is the call retried. A clear "already exists" in the first response means that the object
// existed before. If the object exists and is not the created one, exists is true, and err is the error of the call.
func (c *Client) DoCreate(
	ctx context.Context, cl Call, look func(context.Context) (created bool, err error),
) (exists bool, err error) {
	cl.NotIdempotent = true
	start, unclear := time.Now(), false
	for try := 1; ; try++ {
		err = c.Do(ctx, cl)
		unclear = unclear || IsUncertain(err)
		if !IsUncertain(err) && !IsAlreadyExists(err) {
			return false, err
		}
		afterFailure, cancel := AfterFailure(ctx)
		created, lookErr := look(afterFailure)
		cancel()
		switch {
		case lookErr == nil && unclear && created:
			return false, nil
		case lookErr == nil:
			return true, err
		case !IsNotFound(lookErr):
			return false, FollowedBy(err, "the provider could not verify whether it was created", lookErr)
		case IsAlreadyExists(err), IsInvalidResponse(err), !c.WaitForRetry(ctx, start, try):
			return false, err
		}
	}
}

// WaitForRetry waits before the next try of an operation of several calls, as long as [Client.Do] waits after the nth try. It reports
// whether there is time left: less than the retry timeout has passed since start, and ctx has not ended.
func (c *Client) WaitForRetry(ctx context.Context, start time.Time, n int) bool {
	return time.Since(start) < c.options.RetryTimeout && sleep(ctx, httpretry.Backoff(n, maxBackoff))
}

// wasRetried reports whether an error is that of a second or later try: the first may have had an effect.
func wasRetried(err error) bool {
	e, ok := asAPIError(err)
	return ok && e.Attempts > 1
}
