package rest

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// recoveryInterval is the time without a rate-limit error after which the rate of a group is increased.
	recoveryInterval = 10 * time.Second
	// minRate is the minimum rate of a throttle, in requests per second.
	minRate = 0.2
)

// throttles limit the requests of a group with a token bucket, from the first request of the group that the server rate-limited.
type throttles struct {
	groups map[Group]*throttle
	// overall is the configured limit, nil if there is none.
	overall *rate.Limiter
}

// rateLimitedError means that a request was not sent, because it would have to wait longer than the retry timeout.
type rateLimitedError struct{}

func (rateLimitedError) Error() string {
	return "the request could not be sent before the retry timeout, because the server limits the rate of requests"
}

// Permanent reports that another try cannot succeed.
func (rateLimitedError) Permanent() bool { return true }

// throttle is the state of one group.
type throttle struct {
	documented rate.Limit
	now        func() time.Time

	mu      sync.Mutex
	limiter *rate.Limiter
	changed time.Time
}

func newThrottles(documented func(Group) rate.Limit, limit float64) throttles {
	t := throttles{groups: map[Group]*throttle{}}
	for _, g := range []Group{GroupPermissionReads, GroupPermissionWrites, GroupSearch, GroupExperimentWrites, GroupOther} {
		t.groups[g] = &throttle{documented: documented(g), now: time.Now}
	}
	if limit > 0 {
		t.overall = rate.NewLimiter(rate.Limit(limit), int(math.Max(1, limit)))
	}
	return t
}

// wait waits for the configured limit, and for that of the group, the latter until deadline at most.
func (t throttles) wait(ctx context.Context, g Group, deadline time.Time) error {
	if t.overall != nil {
		if err := t.overall.Wait(ctx); err != nil {
			return err
		}
	}
	l := t.groups[g].current()
	if l == nil {
		return nil
	}
	bounded, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	if err := l.Wait(bounded); err != nil && ctx.Err() == nil {
		return rateLimitedError{}
	}
	return ctx.Err()
}

// refused records that the server rate-limited a request, and when that was sent.
func (t throttles) refused(g Group, sent time.Time) {
	t.groups[g].refused(sent)
}

// refused starts the bucket at the documented rate, or halves its rate. Requests that were sent before the last change are ignored.
func (t *throttle) refused(sent time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.limiter == nil:
		t.limiter = rate.NewLimiter(t.documented, 1)
	case sent.After(t.changed):
		t.limiter.SetLimit(max(t.limiter.Limit()/2, minRate))
	default:
		return
	}
	t.changed = t.now()
}

// current returns the bucket to wait for, nil if requests are not limited. After each recoveryInterval it doubles the rate, and after one
// at the documented rate it removes the bucket.
func (t *throttle) current() *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.limiter == nil || t.now().Sub(t.changed) < recoveryInterval {
		return t.limiter
	}
	t.changed = t.now()
	if t.limiter.Limit() >= t.documented {
		t.limiter = nil
		return nil
	}
	t.limiter.SetLimit(min(t.limiter.Limit()*2, t.documented))
	return t.limiter
}
