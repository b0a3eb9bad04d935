package rest

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// recoveryInterval is how long a group must go without a refusal before its rate is raised again.
	recoveryInterval = 10 * time.Second
	// minRate is the rate below which a throttle never goes, in requests a second.
	minRate = 0.2
)

// throttles hold nothing back until the server refuses a request for its rate; from then on the group of that request
// gets a token bucket.
type throttles struct {
	groups map[Group]*throttle
	// overall is the user's own cap, nil without one.
	overall *rate.Limiter
}

// rateLimitedError means that a request was not sent, since it would have to wait longer than retries may take.
type rateLimitedError struct{}

func (rateLimitedError) Error() string {
	return "the request could not be sent before the retry timeout, because the server limits the rate of requests"
}

// Permanent implements the interface that isPermanent looks for.
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

// wait waits for the user's own cap, and for the limit that the server asked for, the latter until deadline at most.
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

// refused notes that the server refused a request that was sent at a time.
func (t throttles) refused(g Group, sent time.Time) {
	t.groups[g].refused(sent)
}

// refused starts the bucket at the documented rate, or halves its rate. Requests that were under way at the last change
// say nothing about the new rate.
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

// current is the bucket to wait for, nil when nothing is held back. After a quiet while it doubles the rate, and after
// one more at the documented rate it lets go.
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
