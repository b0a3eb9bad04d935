package server

import (
	"context"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// create sends a create call, which it does not repeat blindly: if the response is lost or unclear, look looks up the name, also after
// ctx has ended, and reports whether the object can be the created one. A clear "already exists" in the first response means that it
// existed before.
func (d *Directory) create(ctx context.Context, cl rest.Call, taken TakenError, look func(context.Context) (same bool, err error)) error {
	cl.NotIdempotent = true
	start := time.Now()
	unclear := false
	for try := 1; ; try++ {
		err := d.do(ctx, cl)
		if err == nil {
			return nil
		}
		unclear = unclear || rest.IsUncertain(err)
		if !rest.IsUncertain(err) && !rest.IsAlreadyExists(err) {
			return err
		}
		same, lookErr := lookUpAfterFailure(ctx, look)
		switch {
		case lookErr == nil && unclear && same:
			return nil
		case lookErr == nil:
			taken.Err = err
			return &taken
		case !rest.IsNotFound(lookErr):
			return rest.FollowedBy(err, "the provider could not verify whether it was created", lookErr)
		case rest.IsAlreadyExists(err), rest.IsInvalidResponse(err), !d.client.WaitForRetry(ctx, start, try):
			return err
		}
	}
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
		if cl, lookErr := lookUpAfterFailure(ctx, next); lookErr == nil && cl == nil {
			return nil
		}
		return err
	}
}

// lookUpAfterFailure calls look after a failed call, also after ctx has ended.
func lookUpAfterFailure[T any](ctx context.Context, look func(context.Context) (T, error)) (T, error) {
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	return look(ctx)
}
