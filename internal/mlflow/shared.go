package mlflow

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/singleflight"
)

// shared is a value that is fetched once and then kept until it is forgotten. Callers that come at the same time share one fetch,
// and each gives up with its own context. A failed fetch is not kept.
type shared[T any] struct {
	flights singleflight.Group
	value   atomic.Pointer[T]
	// generation counts how often the value was forgotten: what was fetched for an older one is not kept.
	generation atomic.Int64
}

func (s *shared[T]) get(ctx context.Context, fetch func(context.Context) (T, error)) (T, error) {
	if v := s.value.Load(); v != nil {
		return *v, nil
	}
	generation := s.generation.Load()
	// One caller's cancellation must not fail the others, so the flight outlives it; it is bounded by the client's own timeouts.
	flight := s.flights.DoChan("", func() (any, error) {
		if v := s.value.Load(); v != nil {
			return *v, nil
		}
		v, err := fetch(context.WithoutCancel(ctx))
		if err == nil && s.generation.Load() == generation {
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

// forget makes the next get fetch again.
func (s *shared[T]) forget() {
	s.generation.Add(1)
	s.flights.Forget("")
	s.value.Store(nil)
}
