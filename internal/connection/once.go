package connection

import (
	"context"
	"sync"
)

// once is a cache of one value, which is loaded on first use. A failure is not cached. Concurrent callers share an attempt. Each stops
// waiting when its own context ends, and the last one cancels the attempt.
type once[T any] struct {
	// load loads the value. Its context is canceled only if the attempt fails or is abandoned.
	load func(ctx context.Context) (T, error)

	mu      sync.Mutex
	loaded  bool
	value   T
	current *attempt[T]
}

type attempt[T any] struct {
	cancel  context.CancelFunc
	waiters int
	done    chan struct{}
	// value and err are set before done is closed.
	value T
	err   error
}

func (o *once[T]) get(ctx context.Context) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	o.mu.Lock()
	if o.loaded {
		defer o.mu.Unlock()
		return o.value, nil
	}
	if o.current == nil {
		o.start(ctx)
	}
	a := o.current
	a.waiters++
	o.mu.Unlock()

	select {
	case <-a.done:
		return a.value, a.err
	case <-ctx.Done():
		o.leave(a)
		return none, ctx.Err()
	}
}

// start starts an attempt. The lock is held.
func (o *once[T]) start(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a := &attempt[T]{cancel: cancel, done: make(chan struct{})}
	o.current = a
	go func() {
		a.value, a.err = o.load(ctx)
		if a.err != nil {
			cancel()
		}
		o.mu.Lock()
		if o.current == a { // otherwise, it was abandoned
			o.current = nil
			o.value, o.loaded = a.value, a.err == nil
		}
		o.mu.Unlock()
		close(a.done)
	}()
}

// leave removes a caller that stopped waiting.
func (o *once[T]) leave(a *attempt[T]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a.waiters--
	if a.waiters == 0 && o.current == a {
		o.current = nil
		a.cancel()
	}
}
