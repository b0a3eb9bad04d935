package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// MaxCreateTags is the maximum number of tags in a create request that all servers accept, and MaxCreateTagValue that of bytes in their
// values. API: experiments/create.
const (
	MaxCreateTags     = 20
	MaxCreateTagValue = 5000
)

// clockTolerance is the maximum difference between the clocks of a server's machines: that of its responses, and that of creation times.
const clockTolerance = 10 * time.Second

// NewExperiment is an experiment to create.
type NewExperiment struct {
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location,omitempty"`
	Tags             []Tag  `json:"tags,omitempty"`
	// TraceLocation is sent to Databricks only, see [Client.CheckTraceLocation].
	TraceLocation *TraceLocation `json:"trace_location,omitempty"`
}

// TakenError means that the name is already in use by an experiment that was not created by this call.
type TakenError struct {
	Experiment Experiment
	// Err is the error of the create request.
	Err error
}

// Error implements error.
func (e *TakenError) Error() string {
	return fmt.Sprintf("the name is in use by experiment %s: %s", e.Experiment.ID, e.Err)
}

// Unwrap returns the error of the create request.
func (e *TakenError) Unwrap() error { return e.Err }

// createdResponse is the ID of a new experiment.
type createdResponse struct {
	ID string `json:"experiment_id"`
}

// Validate implements [rest.Response].
func (a *createdResponse) Validate(bool) error {
	if a.ID == "" {
		return errors.New("it contains no experiment_id")
	}
	return nil
}

// CreateExperiment creates an experiment and returns its ID. Just before, a lookup of the name must have found nothing; since is the time
// on the server's clock in the response to it, see [rest.ServerDate].
//
// It does not repeat a create request blindly. If the response is lost or unclear, it looks up the name, also after ctx has ended, and
// retries only if there is no experiment. An experiment that it finds is the created one if it was not created before since, has all
// values that were sent, and, on Databricks, is owned by the caller. A clear "already exists" in the first response means that another
// client created it. Errors: *[TakenError], [rest.IsParentMissing], [rest.IsInvalid]. API: POST experiments/create.
func (c *Client) CreateExperiment(ctx context.Context, n NewExperiment, since time.Time) (string, error) {
	n.Name = c.NormalizeName(n.Name)
	start := time.Now()
	unclear := false
	for try := 1; ; try++ {
		id, err := c.sendCreate(ctx, n)
		if err == nil {
			return id, nil
		}
		unclear = unclear || rest.IsUncertain(err) || isGrantCollision(err)
		if !rest.IsUncertain(err) && !rest.IsAlreadyExists(err) {
			return "", err
		}
		found, ours, lookErr := c.lookUpCreated(ctx, n, since)
		switch {
		case lookErr == nil && unclear && ours:
			return found.ID, nil
		case lookErr == nil:
			return "", &TakenError{Experiment: found, Err: err}
		case !rest.IsNotFound(lookErr):
			return "", rest.FollowedBy(err, "the provider could not verify whether it was created", lookErr)
		case rest.IsAlreadyExists(err), rest.IsInvalidResponse(err), !c.WaitForRetry(ctx, start, try):
			return "", err
		}
	}
}

// isGrantCollision reports whether an MLflow server created the experiment and then failed to grant it to its creator, because a grant on
// an earlier experiment with the same ID still exists.
func isGrantCollision(err error) bool {
	e, ok := rest.AsRefusal(err)
	return ok && rest.IsAlreadyExists(err) && strings.HasPrefix(e.Message, "Experiment permission")
}

func (c *Client) sendCreate(ctx context.Context, n NewExperiment) (string, error) {
	var out createdResponse
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "create", Body: n, Out: &out, Group: rest.GroupOther, NotIdempotent: true,
	})
	return out.ID, err
}

// lookUpCreated looks up the experiment after a create without a clear response, and reports whether it is the created one.
func (c *Client) lookUpCreated(ctx context.Context, n NewExperiment, since time.Time) (found Experiment, ours bool, err error) {
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	found, err = c.GetExperimentByName(ctx, n.Name)
	if err != nil || !isFromThisCreate(found, n, since) {
		return found, false, err
	}
	owned, err := c.backend.OwnedByCaller(ctx, c, found)
	return found, owned, err
}

// isFromThisCreate reports whether an experiment that was found after a create without a clear response can be the created one.
func isFromThisCreate(e Experiment, n NewExperiment, since time.Time) bool {
	if e.Deleted() || since.IsZero() || e.Created().Before(since.Add(-clockTolerance)) {
		return false
	}
	if n.ArtifactLocation != "" && n.ArtifactLocation != e.ArtifactLocation {
		return false
	}
	if !hasTraceLocation(e, n.TraceLocation) {
		return false
	}
	for _, t := range n.Tags {
		if v, ok := e.Tag(t.Key); !ok || v != t.Value {
			return false
		}
	}
	return true
}
