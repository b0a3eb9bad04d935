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
			t.Fatalf("%s: got %v a second, want %v", what, got, want)
		}
	}
	step("no limit before a rejection", 0)
	th.refused(now)
	step("the documented rate after the first rejection", 7)
	th.refused(now.Add(-time.Second))
	step("a request that was already sent has no effect", 7)
	now = now.Add(time.Second)
	th.refused(now)
	step("half the rate after another rejection", 3.5)
	now = now.Add(recoveryInterval)
	step("twice the rate after the recovery interval", 7)
	now = now.Add(recoveryInterval)
	step("no limit after another interval", 0)
	for range 20 {
		now = now.Add(time.Second)
		th.refused(now)
	}
	step("the minimum rate after many rejections", minRate)
}
