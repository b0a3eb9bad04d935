package rest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

func TestLimiterHoldsBackOnlyItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := mlflowtest.NewReplies(reply(429, "{}", "Retry-After", "1"), reply(200, "{}"))
		c := newClient(a)
		searchNothing(t, c)
		start := time.Now()
		for range 20 {
			if err := setTag(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("got a wait of %s for the rate limit of searches, want none", took)
		}
		start = time.Now()
		for range 8 {
			searchNothing(t, c)
		}
		if took := time.Since(start); took < time.Second {
			t.Errorf("got 8 searches at 7 a second in %s, want at least 1s", took)
		}
	})
}

func TestRateLimitCapsAllCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(mlflowtest.NewReplies(reply(200, "{}")), func(o *rest.Options) { o.RateLimit = 2 })
		start := time.Now()
		for range 6 {
			if err := setTag(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("got 6 calls at 2 a second with a burst of 2 in %s, want 2s", took)
		}
	})
}

// searchNothing sends a search without results.
func searchNothing(t *testing.T, c *rest.Client) {
	t.Helper()
	if found, err := search(t.Context(), c); err != nil || len(found.Experiments) > 0 {
		t.Fatalf("got %+v, error %v; want no results", found, err)
	}
}
