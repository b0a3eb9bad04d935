package loadonce_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/loadonce"
)

var errLoad = errors.New("load failed")

// loads records the loads of a value. Each waits for a result; a negative one is a failure.
type loads struct {
	contexts []context.Context
	results  chan int
}

func newLoads() *loads { return &loads{results: make(chan int, 3)} }

func (l *loads) load(ctx context.Context) (int, error) {
	l.contexts = append(l.contexts, ctx)
	select {
	case n := <-l.results:
		if n < 0 {
			return 0, errLoad
		}
		return n, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

type result struct {
	value int
	err   error
}

// get calls Get in the background, and returns once the call waits or has ended.
func get(ctx context.Context, v *loadonce.Value[int], l *loads) <-chan result {
	results := make(chan result, 1)
	go func() {
		value, err := v.Get(ctx, l.load)
		results <- result{value, err}
	}()
	synctest.Wait()
	return results
}

func expect(t *testing.T, results <-chan result, value int, err error) {
	t.Helper()
	if got := <-results; got.value != value || !errors.Is(got.err, err) {
		t.Errorf("got %d, %v; want %d, %v", got.value, got.err, value, err)
	}
}

func TestValue_shared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		first, second := get(t.Context(), &v, l), get(t.Context(), &v, l)
		l.results <- 1
		expect(t, first, 1, nil)
		expect(t, second, 1, nil)
		expect(t, get(t.Context(), &v, l), 1, nil)
		if len(l.contexts) != 1 {
			t.Errorf("got %d loads for three callers, want 1", len(l.contexts))
		}
	})
}

// TestValue_failure checks that a failure is not cached, and that only the context of a failed load is canceled.
func TestValue_failure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		l.results <- -1
		expect(t, get(t.Context(), &v, l), 0, errLoad)
		l.results <- 2
		expect(t, get(t.Context(), &v, l), 2, nil)
		if l.contexts[0].Err() == nil || l.contexts[1].Err() != nil {
			t.Errorf("got the contexts %v after the failure and %v after the success, want a canceled and an active one", l.contexts[0].Err(),
				l.contexts[1].Err())
		}
	})
}

func TestValue_canceledCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		ctx, cancel := context.WithCancel(t.Context())
		first, second := get(ctx, &v, l), get(t.Context(), &v, l)
		cancel()
		expect(t, first, 0, context.Canceled)
		l.results <- 1
		expect(t, second, 1, nil)
		expect(t, get(ctx, &v, l), 1, nil)
		if len(l.contexts) != 1 {
			t.Errorf("got %d loads, want 1", len(l.contexts))
		}
	})
}

func TestValue_abandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		ctx, cancel := context.WithCancel(t.Context())
		only := get(ctx, &v, l)
		cancel()
		expect(t, only, 0, context.Canceled)
		if synctest.Wait(); l.contexts[0].Err() == nil {
			t.Error("got a load that continues without a caller, want it canceled")
		}
		expect(t, get(ctx, &v, l), 0, context.Canceled)
		if len(l.contexts) != 1 {
			t.Error("got a load for a canceled caller, want none")
		}
		l.results <- 2
		expect(t, get(t.Context(), &v, l), 2, nil)
	})
}

// TestValue_deadline checks that a caller with a short deadline does not cancel a slow load, which later callers can use.
func TestValue_deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		expect(t, get(ctx, &v, l), 0, context.DeadlineExceeded)
		later := get(t.Context(), &v, l)
		l.results <- 1
		expect(t, later, 1, nil)
		if len(l.contexts) != 1 || l.contexts[0].Err() != nil {
			t.Errorf("got %d loads, the first one with error %v; want 1 without", len(l.contexts), l.contexts[0].Err())
		}
	})
}

// TestValue_forgetThenCancel checks that a forgotten load is canceled with its last caller.
func TestValue_forgetThenCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		ctx, cancel := context.WithCancel(t.Context())
		only := get(ctx, &v, l)
		v.Forget()
		cancel()
		expect(t, only, 0, context.Canceled)
		if synctest.Wait(); l.contexts[0].Err() == nil {
			t.Error("got a load that continues without a caller, want it canceled")
		}
	})
}

// TestValue_forget checks that a load from before Forget, which may have read the old value, is not cached.
func TestValue_forget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		first := get(t.Context(), &v, l)
		v.Forget()
		second := get(t.Context(), &v, l)
		if len(l.contexts) != 2 {
			t.Errorf("got %d loads, want 2: a caller after Forget must not share the earlier load", len(l.contexts))
		}
		l.results <- 1
		l.results <- 1
		expect(t, first, 1, nil)
		expect(t, second, 1, nil)
		v.Forget()
		l.results <- 3
		expect(t, get(t.Context(), &v, l), 3, nil)
	})
	synctest.Test(t, func(t *testing.T) {
		var v loadonce.Value[int]
		l := newLoads()
		first := get(t.Context(), &v, l)
		v.Forget()
		l.results <- 1
		expect(t, first, 1, nil)
		l.results <- 2
		expect(t, get(t.Context(), &v, l), 2, nil)
	})
}
