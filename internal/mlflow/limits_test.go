package mlflow

import (
	"net/http"
	"testing"
	"testing/synctest"
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
	now = now.Add(quietWhile)
	step("a quiet while doubles it", 7)
	now = now.Add(quietWhile)
	step("another one lets go", 0)
	for range 20 {
		now = now.Add(time.Second)
		th.refused(now)
	}
	step("it never stops altogether", slowest)
}

func TestLimiterHoldsBackOnlyItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{list: []func() (*http.Response, error){reply(429, "{}", "Retry-After", "1"), reply(200, "{}")}}
		c := testClient(a)
		searchNothing(t, c)
		start := time.Now()
		for range 20 {
			if err := c.SetTag(t.Context(), "1", Tag{Key: "k"}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("tags waited %s for the limit of searches", took)
		}
		start = time.Now()
		for range 8 {
			searchNothing(t, c)
		}
		if took := time.Since(start); took < time.Second {
			t.Errorf("8 searches at 7 a second took only %s", took)
		}
	})
}

func TestRateLimitCapsAllCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testClient(&answers{list: []func() (*http.Response, error){reply(200, "{}")}}, func(o *Options) { o.RateLimit = 2 })
		start := time.Now()
		for range 6 {
			if err := c.SetTag(t.Context(), "1", Tag{Key: "k"}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("6 calls at 2 a second with a burst of 2 took %s", took)
		}
	})
}

// searchNothing makes one search that finds nothing.
func searchNothing(t *testing.T, c *Client) {
	t.Helper()
	for e, err := range c.SearchExperiments(t.Context(), Search{}) {
		t.Fatalf("found %+v, %v", e, err)
	}
}
