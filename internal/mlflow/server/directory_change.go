package server

import (
	"context"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// create sends a create call without a workspace, see [rest.Client.DoCreate]. It returns taken if the object existed before.
func (d *Directory) create(ctx context.Context, cl rest.Call, taken TakenError, look func(context.Context) (same bool, err error)) error {
	exists, err := withoutWorkspace(d.client).DoCreate(ctx, cl, look)
	if exists {
		taken.Err = err
		return &taken
	}
	return err
}

// change sends a call that identifies its object by a number. The server reuses the number of a deleted object for the next one, so a
// call whose response was lost must not be repeated unchanged: before each try, next looks up the object and returns the call, or nil if
// there is nothing left to do. It is also used, even after ctx has ended, after the last try, and if the server rejects a change that an
// earlier try may have made.
func (d *Directory) change(ctx context.Context, next func(context.Context) (*rest.Call, error)) error {
	start := time.Now()
	for try := 1; ; try++ {
		cl, err := next(ctx)
		if err != nil || cl == nil {
			return err
		}
		cl.NotIdempotent = true
		err = d.do(ctx, *cl)
		refused := rest.IsAlreadyExists(err) || rest.IsNotFound(err)
		switch {
		case err == nil, !refused && !rest.IsUncertain(err):
			return err
		case !refused && !rest.IsInvalidResponse(err) && d.client.WaitForRetry(ctx, start, try):
			continue
		}
		afterFailure, cancel := rest.AfterFailure(ctx)
		defer cancel()
		if cl, lookErr := next(afterFailure); lookErr == nil && cl == nil {
			return nil
		}
		return err
	}
}
