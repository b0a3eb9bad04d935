package mlflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// MaxCreateTags is the maximum number of tags in a create request that all servers accept, and MaxCreateTagValue the maximum size of each
// value, in bytes. API: experiments/create.
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
// If the response is lost or unclear, it looks up the name, see [rest.Client.DoCreate]. An experiment that it finds is the created one if
// it was not created before since, has all values that were sent, and, on Databricks, is owned by the caller.
// Errors: *[TakenError], [rest.IsParentMissing], [rest.IsInvalid]. API: POST experiments/create.
func (c *Client) CreateExperiment(ctx context.Context, n NewExperiment, since time.Time) (string, error) {
	n.Name = c.NormalizeName(n.Name)
	var out createdResponse
	var found Experiment
	var ours bool
	cl := rest.Call{Method: http.MethodPost, Path: ExperimentsPath + "create", Body: n, Out: &out, Group: rest.GroupOther}
	exists, err := c.DoCreate(ctx, cl, func(ctx context.Context) (_ bool, err error) {
		found, ours, err = c.lookUpCreated(ctx, n, since)
		return ours, err
	})
	switch {
	case err == nil, exists && ours && isGrantCollision(err):
		return cmp.Or(found.ID, out.ID), nil
	case exists:
		return "", &TakenError{Experiment: found, Err: err}
	default:
		return "", err
	}
}

// isGrantCollision reports whether an MLflow server created the experiment and then failed to grant it to its creator, because a grant on
// an earlier experiment with the same ID still exists.
func isGrantCollision(err error) bool {
	e, ok := rest.AsRefusal(err)
	return ok && rest.IsAlreadyExists(err) && strings.HasPrefix(e.Message, "Experiment permission")
}

// lookUpCreated looks up the experiment after a create without a clear response, and reports whether it is the created one.
func (c *Client) lookUpCreated(ctx context.Context, n NewExperiment, since time.Time) (found Experiment, ours bool, err error) {
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
