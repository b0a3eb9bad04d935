package connection

import (
	"context"
	"sync"
)

// once loads a value when it is first asked for and keeps it. A failure is not kept. Callers that come meanwhile share
// the attempt; each waits under its own context, and the last one to give up ends the attempt.
type once[T any] struct {
	// load runs under a context that is cancelled when the attempt fails or is given up, and otherwise never.
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

// start begins an attempt. The lock is held.
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
		if o.current == a { // else given up
			o.current = nil
			o.value, o.loaded = a.value, a.err == nil
		}
		o.mu.Unlock()
		close(a.done)
	}()
}

// leave is for a caller that stopped waiting.
func (o *once[T]) leave(a *attempt[T]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a.waiters--
	if a.waiters == 0 && o.current == a {
		o.current = nil
		a.cancel()
	}
}
