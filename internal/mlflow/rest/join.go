package rest

import (
	"context"

	"golang.org/x/sync/singleflight"
)

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
