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

// findAll looks up users at the same time, and returns how many lookups failed.
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

// Only the first lookup can be rejected, so the others wait for it. Once it is not, they run in parallel.
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
		t.Error("the first lookups run in parallel")
	}
	if failed := findAll(ctx, source, "ana", "ben", "carl", "dora"); failed > 0 || calls.Load() != 4 {
		t.Errorf("%d of %d lookups failed: they do not run in parallel", failed, calls.Load())
	}
	if !source.Parallel(mlflow.KindUser) || source.Parallel(mlflow.KindGroup) {
		t.Error("after a lookup of users, roles are looked up in parallel, or users are not")
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
		t.Errorf("%d lookups failed after %d requests, want 3 after 1", failed, calls.Load())
	}
	if source.Parallel(mlflow.KindUser) {
		t.Error("after a rejected lookup, users are looked up in parallel")
	}
}
