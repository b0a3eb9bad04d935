package rest

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// Shared is a value that is fetched once and then kept until it is forgotten. Callers that come at the same time share one fetch,
// and each gives up with its own context. A failed fetch is not kept.
type Shared[T any] struct {
	flights singleflight.Group

	mu    sync.Mutex
	value *T
	// generation counts how often the value was forgotten: what was fetched for an older one is not kept.
	generation int
}

// Get returns the value, from fetch unless there is one. The fetch goes on when ctx ends.
func (s *Shared[T]) Get(ctx context.Context, fetch func(context.Context) (T, error)) (T, error) {
	kept, generation := s.current()
	if kept != nil {
		return *kept, nil
	}
	return Join(ctx, &s.flights, "", func(ctx context.Context) (T, error) {
		if kept, _ := s.current(); kept != nil {
			return *kept, nil
		}
		v, err := fetch(ctx)
		if err == nil {
			s.keep(v, generation)
		}
		return v, err
	})
}

// Join fetches a value. Callers that come with the same key at the same time share one fetch, and each gives up with its own context.
func Join[T any](ctx context.Context, flights *singleflight.Group, key string, fetch func(context.Context) (T, error)) (T, error) {
	// One caller's cancellation must not fail the others, so the flight outlives it; it is bounded by the client's own timeouts.
	flight := flights.DoChan(key, func() (any, error) { return fetch(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	case r := <-flight:
		v, _ := r.Val.(T)
		return v, r.Err
	}
}

// Forget makes the next get fetch again.
func (s *Shared[T]) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.flights.Forget("")
	s.value = nil
}

// current returns the value, nil if there is none, and its generation.
func (s *Shared[T]) current() (*T, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value, s.generation
}

// keep stores a value that was fetched for a generation, unless that was forgotten meanwhile.
func (s *Shared[T]) keep(v T, generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == generation {
		s.value = &v
	}
}
