// Package loadonce caches values that several callers share and that require a request to load.
package loadonce

import (
	"context"
	"errors"
	"sync"
)

// Value is a cache of one value, which is loaded on first use. Concurrent callers share one load, and each stops waiting when its own
// context ends. The load is canceled if the last caller was canceled, but continues if that caller ran into its deadline, so that a
// later caller gets the value. A failure is not cached. The zero Value is ready to use.
type Value[T any] struct {
	mu      sync.Mutex
	cached  *T
	current *attempt[T]
}

// attempt is a load that is in progress.
type attempt[T any] struct {
	cancel  context.CancelFunc
	waiters int
	ended   bool
	done    chan struct{}
	// value and err are set before done is closed.
	value T
	err   error
}

// Get returns the cached value, or else the one that load returns. The context of load has the values of ctx, and is canceled only if the
// load fails or is canceled.
func (v *Value[T]) Get(ctx context.Context, load func(context.Context) (T, error)) (T, error) {
	var none T
	v.mu.Lock()
	if v.cached != nil {
		defer v.mu.Unlock()
		return *v.cached, nil
	}
	if err := ctx.Err(); err != nil {
		defer v.mu.Unlock()
		return none, err
	}
	if v.current == nil {
		v.start(ctx, load)
	}
	a := v.current
	a.waiters++
	v.mu.Unlock()

	select {
	case <-a.done:
		return a.value, a.err
	case <-ctx.Done():
		v.leave(a, ctx.Err())
		return none, ctx.Err()
	}
}

// Forget removes the cached value. A load that is in progress still returns to the callers that wait for it, but is not cached, and the
// next Get starts another one.
func (v *Value[T]) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cached, v.current = nil, nil
}

// start starts a load. The lock is held.
func (v *Value[T]) start(ctx context.Context, load func(context.Context) (T, error)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a := &attempt[T]{cancel: cancel, done: make(chan struct{})}
	v.current = a
	go func() {
		a.value, a.err = load(ctx)
		if a.err != nil {
			cancel()
		}
		v.mu.Lock()
		a.ended = true
		if v.current == a { // otherwise, it was canceled or forgotten
			v.current = nil
			if a.err == nil {
				v.cached = &a.value
			}
		}
		v.mu.Unlock()
		close(a.done)
	}()
}

// leave removes a caller that stopped waiting because of err.
func (v *Value[T]) leave(a *attempt[T], err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a.waiters--
	if a.waiters > 0 || a.ended || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	if v.current == a {
		v.current = nil
	}
	a.cancel()
}
