package server

import (
	"context"
	"fmt"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// create makes a create call, which is never repeated blindly: when its answer is lost or unclear, look looks the name up, also when ctx
// has ended, and reports whether what it found can be what was sent. Then it is. A first, clear "already exists" means that it was there
// before.
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
			return fmt.Errorf("%w; the provider could not verify whether it was created: %w", err, lookErr)
		case rest.IsAlreadyExists(err), rest.IsInvalidResponse(err), !d.client.WaitForRetry(ctx, start, try):
			return err
		}
	}
}

// change makes a call that names its object by a number. The server gives the number of a deleted object to the next one at once, so that
// a call whose answer was lost must not be repeated as it is: before each try, next looks up what to call, and returns nil if there is
// nothing left to do. It also decides, even when ctx has ended, after the last try, and when the server refuses what may be done already.
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

// lookUpAfterFailure looks what a failed call has done, also when ctx has ended.
func lookUpAfterFailure[T any](ctx context.Context, look func(context.Context) (T, error)) (T, error) {
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	return look(ctx)
}
