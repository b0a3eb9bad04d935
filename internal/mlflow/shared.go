package mlflow

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/singleflight"
)

// shared is a value that is fetched once and then kept. Callers that come at the same time share one fetch, and each
// gives up with its own context. A failed fetch is not kept.
type shared[T any] struct {
	flights singleflight.Group
	value   atomic.Pointer[T]
}

func (s *shared[T]) get(ctx context.Context, fetch func(context.Context) (T, error)) (T, error) {
	if v := s.value.Load(); v != nil {
		return *v, nil
	}
	// One caller's cancellation must not fail the others, so the flight outlives it; it is bounded by the client's own
	// timeouts.
	flight := s.flights.DoChan("", func() (any, error) {
		if v := s.value.Load(); v != nil {
			return *v, nil
		}
		v, err := fetch(context.WithoutCancel(ctx))
		if err == nil {
			s.value.Store(&v)
		}
		return v, err
	})
	select {
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	case r := <-flight:
		v, _ := r.Val.(T)
		return v, r.Err
	}
}
