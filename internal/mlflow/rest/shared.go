package rest

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// Shared is a cache of one value, which is fetched once. Concurrent callers share one fetch, and each stops waiting when its own context
// ends. An error is not cached. Its zero value is ready to use.
type Shared[T any] struct {
	flights singleflight.Group

	mu    sync.Mutex
	value *T
	// generation counts the calls of Forget: the result of a fetch of an older generation is not cached.
	generation int
}

// Get returns the cached value, or else that of fetch. The fetch continues when ctx ends.
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

// Join returns the result of fetch. Concurrent callers with the same key share one fetch, and each stops waiting when its own context ends.
func Join[T any](ctx context.Context, flights *singleflight.Group, key string, fetch func(context.Context) (T, error)) (T, error) {
	// Canceling one caller must not fail the others, so the fetch continues. The timeouts of the client bound it.
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

// Forget removes the cached value, so that the next Get fetches it again.
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

// keep caches the result of a fetch of a generation, unless Forget was called since.
func (s *Shared[T]) keep(v T, generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == generation {
		s.value = &v
	}
}
