package rest

import (
	"testing"
	"time"

	"golang.org/x/time/rate"
)

func TestThrottle(t *testing.T) {
	now := time.Unix(1000, 0)
	th := &throttle{documented: 7, now: func() time.Time { return now }}
	limit := func() rate.Limit {
		if l := th.current(); l != nil {
			return l.Limit()
		}
		return 0
	}
	step := func(what string, want rate.Limit) {
		t.Helper()
		if got := limit(); got != want {
			t.Fatalf("%s: %v a second, want %v", what, got, want)
		}
	}
	step("before any refusal nothing is held back", 0)
	th.refused(now)
	step("the first refusal starts the documented rate", 7)
	th.refused(now.Add(-time.Second))
	step("a request that was under way then says nothing", 7)
	now = now.Add(time.Second)
	th.refused(now)
	step("a later refusal halves it", 3.5)
	now = now.Add(recoveryInterval)
	step("a quiet while doubles it", 7)
	now = now.Add(recoveryInterval)
	step("another one lets go", 0)
	for range 20 {
		now = now.Add(time.Second)
		th.refused(now)
	}
	step("it never stops altogether", minRate)
}
