package rest_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// fetches makes fetches that wait until the test lets them go.
type fetches struct {
	made    atomic.Int32
	results chan int
}

func (f *fetches) fetch(context.Context) (int, error) {
	f.made.Add(1)
	n := <-f.results
	if n < 0 {
		return 0, errors.New("failed")
	}
	return n, nil
}

// gets asks in the background.
func gets(ctx context.Context, s *rest.Shared[int], f *fetches) (values <-chan int, errs <-chan error) {
	v, e := make(chan int, 1), make(chan error, 1)
	go func() {
		got, err := s.Get(ctx, f.fetch)
		v <- got
		e <- err
	}()
	return v, e
}

func expectGot(t *testing.T, values <-chan int, errs <-chan error, want int) {
	t.Helper()
	if got, err := <-values, <-errs; got != want || err != nil {
		t.Errorf("got %d, error %v; want %d", got, err, want)
	}
}

func TestShared_keepsOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &rest.Shared[int]{}, &fetches{results: make(chan int, 3)}
		v1, e1 := gets(t.Context(), s, f)
		v2, e2 := gets(t.Context(), s, f)
		synctest.Wait()
		f.results <- 1
		expectGot(t, v1, e1, 1)
		expectGot(t, v2, e2, 1)
		v3, e3 := gets(t.Context(), s, f)
		expectGot(t, v3, e3, 1)
		if n := f.made.Load(); n != 1 {
			t.Errorf("%d fetches for three who asked", n)
		}
	})
}

// TestShared_forgetsWhatIsUnderWay: a fetch that began before forget() may have seen the old state, and is kept for nobody who asks later.
func TestShared_forgetsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &rest.Shared[int]{}, &fetches{results: make(chan int, 3)}
		v1, e1 := gets(t.Context(), s, f)
		synctest.Wait()
		s.Forget()
		v2, e2 := gets(t.Context(), s, f) // while the old fetch is under way
		synctest.Wait()
		if n := f.made.Load(); n != 2 {
			t.Errorf("%d fetches: who asks after forget shares the old one", n)
		}
		f.results <- 1
		f.results <- 1
		expectGot(t, v1, e1, 1)
		expectGot(t, v2, e2, 1)
	})
	synctest.Test(t, func(t *testing.T) {
		s, f := &rest.Shared[int]{}, &fetches{results: make(chan int, 3)}
		v1, e1 := gets(t.Context(), s, f)
		synctest.Wait()
		s.Forget()
		f.results <- 1
		expectGot(t, v1, e1, 1) // who asked before may be told
		f.results <- 2
		v2, e2 := gets(t.Context(), s, f)
		expectGot(t, v2, e2, 2)
	})
}

func TestShared_forgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &rest.Shared[int]{}, &fetches{results: make(chan int, 3)}
		for want := 1; want <= 2; want++ {
			f.results <- want
			v, e := gets(t.Context(), s, f)
			expectGot(t, v, e, want)
			s.Forget()
		}
	})
}

func TestShared_keepsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &rest.Shared[int]{}, &fetches{results: make(chan int, 3)}
		f.results <- -1
		if v, e := gets(t.Context(), s, f); <-v != 0 || <-e == nil {
			t.Error("no error")
		}
		f.results <- 1
		v, e := gets(t.Context(), s, f)
		expectGot(t, v, e, 1)
	})
}

// TestShared_cancelledAlone: who gives up takes the fetch from nobody else.
func TestShared_cancelledAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &rest.Shared[int]{}, &fetches{results: make(chan int, 3)}
		ctx, cancel := context.WithCancel(t.Context())
		v1, e1 := gets(ctx, s, f)
		synctest.Wait()
		v2, e2 := gets(t.Context(), s, f)
		synctest.Wait()
		cancel()
		if <-v1 != 0 || !errors.Is(<-e1, context.Canceled) {
			t.Error("no error")
		}
		f.results <- 1
		expectGot(t, v2, e2, 1)
		if n := f.made.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}
