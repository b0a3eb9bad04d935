package connection

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestOnceSharesAndKeeps(t *testing.T) {
	loads, release, entered := 0, make(chan struct{}), make(chan struct{})
	o := &once[int]{load: func(context.Context) (int, error) {
		loads++
		close(entered)
		<-release
		return 7, nil
	}}
	var callers sync.WaitGroup
	for range 5 {
		callers.Go(func() {
			if v, err := o.get(t.Context()); v != 7 || err != nil {
				t.Errorf("got %d, %v", v, err)
			}
		})
	}
	<-entered
	close(release)
	callers.Wait()
	if v, err := o.get(t.Context()); v != 7 || err != nil || loads != 1 {
		t.Errorf("got %d, %v after %d loads", v, err, loads)
	}
}

func TestOnceForgetsFailure(t *testing.T) {
	failure := errors.New("failure")
	results := []error{failure, nil}
	var contexts []context.Context
	o := &once[int]{load: func(ctx context.Context) (int, error) {
		contexts = append(contexts, ctx)
		return len(contexts), results[len(contexts)-1]
	}}
	if _, err := o.get(t.Context()); !errors.Is(err, failure) {
		t.Errorf("got %v, want the failure", err)
	}
	if v, err := o.get(t.Context()); v != 2 || err != nil {
		t.Errorf("got %d, %v, want a second try", v, err)
	}
	if contexts[0].Err() == nil || contexts[1].Err() != nil {
		t.Errorf("contexts: %v after failure, %v after success", contexts[0].Err(), contexts[1].Err())
	}
}

func TestOnceOutlivesOneCaller(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{})
	o := &once[int]{load: func(ctx context.Context) (int, error) {
		close(entered)
		<-release
		return 7, ctx.Err()
	}}
	first, giveUp := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := o.get(first)
		left <- err
	}()
	<-entered
	// The second caller joins before the first one leaves.
	stays := make(chan error, 1)
	joined := &signalContext{Context: t.Context(), asked: make(chan struct{})}
	go func() {
		_, err := o.get(joined)
		stays <- err
	}()
	<-joined.asked
	giveUp()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that gave up got %v", err)
	}
	close(release)
	if err := <-stays; err != nil {
		t.Errorf("the caller that stayed got %v", err)
	}
}

func TestOnceEndsAttemptThatNobodyWaitsFor(t *testing.T) {
	entered, ended := make(chan struct{}), make(chan struct{})
	o := &once[int]{load: func(ctx context.Context) (int, error) {
		close(entered)
		<-ctx.Done()
		close(ended)
		return 0, nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	if _, err := o.get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-ended
	if o.loaded {
		t.Error("the value of an attempt that was given up was kept")
	}
	if _, err := o.get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled caller got %v", err)
	}
}

// signalContext tells when somebody begins to wait for it.
type signalContext struct {
	context.Context
	once  sync.Once
	asked chan struct{}
}

func (c *signalContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.asked) })
	return c.Context.Done()
}
