package httpretry

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	const day = 24 * time.Hour
	for value, want := range map[string]time.Duration{
		"2": 2 * time.Second, "0.5": 500 * time.Millisecond, "0": 0, "-5": 0, "": 0, "soon": 0, "NaN": 0, "Inf": day, "1e999": day,
		"9223372036": day, "99999999999999999999": day, "Fri, 31 Dec 9999 23:59:59 GMT": day,
	} {
		if got := RetryAfter(value); got != want {
			t.Errorf("RetryAfter(%q): got %s, want %s", value, got, want)
		}
	}
	if got := RetryAfter(time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)); got > 0 {
		t.Errorf("RetryAfter of a date in the past: got %s, want no wait", got)
	}
}

func TestBackoff(t *testing.T) {
	for n, step := range map[int]time.Duration{
		0: 250 * time.Millisecond, 1: 250 * time.Millisecond, 4: 2 * time.Second, 7: 10 * time.Second, 1 << 30: 10 * time.Second,
	} {
		for range 100 {
			if got := Backoff(n, 10*time.Second); got < 0 || got >= step {
				t.Fatalf("Backoff(%d): got %s, want less than %s", n, got, step)
			}
		}
	}
}
