package wire_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// findAll looks up users in parallel, and returns the number of failed lookups.
func findAll(ctx context.Context, source *wire.Principals, names ...string) (failed int64) {
	var failures atomic.Int64
	var lookups sync.WaitGroup
	for _, name := range names {
		lookups.Go(func() {
			if _, err := source.Find(ctx, mlflow.Principal{Kind: mlflow.KindUser, Name: name}); err != nil {
				failures.Add(1)
			}
		})
	}
	lookups.Wait()
	return failures.Load()
}

// TestPrincipals_Find_parallel checks that the lookups run in parallel after the first one, which can be rejected.
func TestPrincipals_Find_parallel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var calls atomic.Int64
	together := make(chan struct{})
	source := &wire.Principals{User: func(ctx context.Context, _ string) (bool, error) {
		switch calls.Add(1) {
		case 1:
			return false, nil
		case 4:
			close(together)
		}
		select {
		case <-together:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}}
	if source.Parallel(mlflow.KindUser) {
		t.Error("before a lookup: got parallel lookups, want one at a time")
	}
	if failed := findAll(ctx, source, "ana", "ben", "carl", "dora"); failed > 0 || calls.Load() != 4 {
		t.Errorf("got %d failed of %d lookups, want 0 of 4 in parallel", failed, calls.Load())
	}
	if !source.Parallel(mlflow.KindUser) || source.Parallel(mlflow.KindGroup) {
		t.Error("after a lookup of users: want parallel lookups of users only")
	}
}

func TestPrincipals_Find_rejected(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	source := &wire.Principals{User: func(context.Context, string) (bool, error) {
		calls.Add(1)
		return false, &rest.APIError{Status: http.StatusForbidden, Code: "PERMISSION_DENIED"}
	}}
	if failed := findAll(t.Context(), source, "ana", "ben", "carl"); failed != 3 || calls.Load() != 1 {
		t.Errorf("got %d failed lookups after %d requests, want 3 after 1", failed, calls.Load())
	}
	if source.Parallel(mlflow.KindUser) {
		t.Error("after a rejected lookup: got parallel lookups, want one at a time")
	}
}
