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

// MaxCreateTags is how many tags one create request carries on every server, and MaxCreateTagValue how long, in bytes, their values may
// be there. API: experiments/create.
const (
	MaxCreateTags     = 20
	MaxCreateTagValue = 5000
)

// clockTolerance is by how much the clocks of a server's machines may differ: one dates its answers, another one experiments.
const clockTolerance = 10 * time.Second

// NewExperiment is what is sent to create an experiment.
type NewExperiment struct {
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location,omitempty"`
	Tags             []Tag  `json:"tags,omitempty"`
	// TraceLocation is sent to Databricks only, see [Client.CheckTraceLocation].
	TraceLocation *TraceLocation `json:"trace_location,omitempty"`
}

// TakenError means that an experiment of the name is there which is not the one that was to be created.
type TakenError struct {
	Experiment Experiment
	// Err is what the server said.
	Err error
}

// Error implements error.
func (e *TakenError) Error() string {
	return fmt.Sprintf("the name is in use by experiment %s: %s", e.Experiment.ID, e.Err)
}

// Unwrap gives what the server said.
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

// CreateExperiment creates an experiment and returns its id. The caller has looked for the name just before and found nothing; since is the
// server's clock in that answer.
//
// A create is never repeated blindly. When its answer is lost or unclear, the name is looked up, for as long as any call is retried: what
// is found is ours only if it was not created before since, holds everything that was sent, and on Databricks is owned by the caller. A
// first, clear "already exists" means that somebody else created it. The look is also made when ctx has ended. Errors: *[TakenError],
// [rest.IsParentMissing], [rest.IsInvalid]. API: POST experiments/create.
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
			return "", fmt.Errorf("%w; the provider could not verify whether it was created: %w", err, lookErr)
		case rest.IsAlreadyExists(err), rest.IsInvalidResponse(err), !c.WaitForRetry(ctx, start, try):
			return "", err
		}
	}
}

// isGrantCollision reports that an MLflow server created the experiment and then failed to grant it to its creator, because a grant on an
// earlier experiment of the same ID was left.
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

// lookUpCreated looks up the experiment of a create that got no clear answer, and reports whether it can be the one that was to be created.
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

// isFromThisCreate judges an experiment that was found after an unclear create.
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
