// Package httpretry contains the rules for retries that API calls and requests for tokens share.
package httpretry

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// MaxDialTries is the maximum number of tries to connect to a host that never responded.
const MaxDialTries = 3

// initialBackoff is the first step of the exponential backoff.
const initialBackoff = 250 * time.Millisecond

// Backoff returns the wait after the nth try: a random time below a step that starts at 250 ms and doubles with each try, up to
// longest (full jitter).
func Backoff(n int, longest time.Duration) time.Duration {
	return rand.N(min(initialBackoff<<min(max(n-1, 0), 10), longest))
}

// DialFailed reports whether the connection to the server or its proxy failed, so that the request had no effect.
func DialFailed(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect")
}

// RetryAfter returns the wait in a Retry-After header, in seconds or until a date, at most a day. It is 0 if the header is empty or
// invalid, and not positive for a date in the past.
func RetryAfter(header string) time.Duration {
	const day = 24 * time.Hour
	if date, err := http.ParseTime(header); err == nil {
		return min(time.Until(date), day)
	}
	seconds, err := strconv.ParseFloat(header, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, day.Seconds()) * float64(time.Second))
}
