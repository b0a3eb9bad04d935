package mlflow

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// MaxCreateTags is how many tags one create request carries on every server, and MaxCreateTagValue how long, in bytes, their values may
// be there. API: experiments/create.
const (
	MaxCreateTags     = 20
	MaxCreateTagValue = 5000
)

// lookTimeout bounds the look for an experiment whose creation got no clear answer, also after a cancellation.
const lookTimeout = 20 * time.Second

// NewExperiment is what is sent to create an experiment.
type NewExperiment struct {
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location,omitempty"`
	Tags             []Tag  `json:"tags,omitempty"`
}

// TakenError means that an experiment of the name is there which is not the one that was to be created.
type TakenError struct {
	Experiment Experiment
	// Err is what the server said.
	Err error
}

// Error implements error.
func (e *TakenError) Error() string {
	return fmt.Sprintf("the name belongs to experiment %s: %s", e.Experiment.ID, e.Err)
}

// Unwrap gives what the server said.
func (e *TakenError) Unwrap() error { return e.Err }

// CreateExperiment creates an experiment and returns its id. The caller has looked for the name just before and found nothing;
// since is the server's clock in that answer.
//
// A create is never repeated blindly. When its answer is lost or unclear, the name is looked up: what is found is ours only if
// it was not created before since and holds everything that was sent. The look is also made when ctx has ended.
// Errors: *[TakenError], [IsParentMissing], [IsInvalid]. API: POST experiments/create.
func (c *Client) CreateExperiment(ctx context.Context, n NewExperiment, since time.Time) (string, error) {
	n.Name = c.NormalizeName(n.Name)
	start := time.Now()
	for try := 1; ; try++ {
		id, err := c.createOnce(ctx, n)
		if err == nil {
			return id, nil
		}
		if !isUncertain(err) && !IsAlreadyExists(err) {
			return "", err
		}
		found, lookErr := c.lookForCreated(ctx, n.Name)
		switch {
		case lookErr == nil && isOurs(found, n, since):
			return found.ID, nil
		case lookErr == nil:
			return "", &TakenError{Experiment: found, Err: err}
		case !IsNotFound(lookErr):
			return "", fmt.Errorf("%w; and whether it was created could not be told: %w", err, lookErr)
		case IsAlreadyExists(err), !c.worthAnotherCreate(err, start), !sleep(ctx, backoffStep(try)):
			return "", err
		}
	}
}

// worthAnotherCreate: the look just found nothing, so another try repeats no effect. A failed connection or a gateway's error may pass.
func (c *Client) worthAnotherCreate(err error, start time.Time) bool {
	if e, ok := apiErrorOf(err); ok && e.Status < 300 {
		return false // a login page will not turn into an answer
	}
	return time.Since(start) < c.options.RetryTimeout
}

func (c *Client) createOnce(ctx context.Context, n NewExperiment) (string, error) {
	var out struct {
		ID string `json:"experiment_id"`
	}
	err := c.do(ctx, call{
		method: http.MethodPost, path: experimentsPath + "create", body: n, out: &out, group: GroupOther, once: true,
	})
	if err == nil && out.ID == "" {
		err = &UnreachableError{
			Method: http.MethodPost, Path: experimentsPath + "create", Err: fmt.Errorf("the answer names no experiment_id"), Attempts: 1,
		}
	}
	return out.ID, err
}

func (c *Client) lookForCreated(ctx context.Context, name string) (Experiment, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	return c.GetExperimentByName(ctx, name)
}

// isOurs judges an experiment that was found after an unclear create.
func isOurs(e Experiment, n NewExperiment, since time.Time) bool {
	if e.Deleted() || since.IsZero() || e.Created().Before(since.Truncate(time.Second)) {
		return false
	}
	if n.ArtifactLocation != "" && n.ArtifactLocation != e.ArtifactLocation {
		return false
	}
	for _, t := range n.Tags {
		if v, ok := e.Tag(t.Key); !ok || v != t.Value {
			return false
		}
	}
	return true
}
