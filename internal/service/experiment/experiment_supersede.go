package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// supersededTag marks an experiment that is being superseded. Its value is the name that the experiment had, so that the next apply can
// resume an interrupted one.
const supersededTag = "mlflow_terraform.superseded"

// maxSupersededName is the maximum length of the old name in the new one, in characters. With the suffix, it is within the limit of every
// server.
const maxSupersededName = 450

// hasSupersedeMarker reports whether an earlier apply started to supersede this experiment.
func (c creator) hasSupersedeMarker(e mlflow.Experiment) bool {
	value, _ := e.Tag(supersededTag)
	return value == c.client.NormalizeName(c.name())
}

// supersede restores, marks, renames, and deletes the experiment that reserves the name, and then creates a new one. The next apply can
// resume it after each step.
func (c creator) supersede(ctx context.Context, e mlflow.Experiment) (mlflow.Experiment, bool) {
	if e.Deleted() && !c.restoreAndMark(ctx, e) {
		return e, false
	}
	newName := supersededName(c.client.NormalizeName(c.name()), e.ID)
	if err := c.client.RenameExperiment(ctx, e.ID, newName); err != nil {
		c.addSupersedeError("rename", e.ID, e.Name, err)
		return e, false
	}
	if !c.deleteSuperseded(ctx, e.ID, newName) {
		return e, false
	}
	// This lookup also returns the server's clock, which distinguishes a new experiment from an older one.
	found, err := c.client.GetExperimentByName(ctx, c.name())
	switch {
	case rest.IsNotFound(err):
		c.plan.IfDeleted = framework.OrNull(ifDeletedError)
		return c.create(ctx, rest.ServerDate(err))
	case err != nil:
		framework.AddError(c.diags, "look up experiment", c.object(), err)
		return found, false
	default:
		c.addCreateError(&mlflow.TakenError{Experiment: found, Err: errors.New("another experiment now has the name")})
		return found, false
	}
}

// restoreAndMark restores a deleted experiment and marks it. If the mark cannot be set, it deletes the experiment again.
func (c creator) restoreAndMark(ctx context.Context, e mlflow.Experiment) bool {
	if err := c.client.RestoreExperiment(ctx, e.ID); err != nil {
		// An active experiment without a mark would be an unrelated one for the next apply, so verify that the request failed.
		now, readErr := c.client.GetExperiment(ctx, e.ID)
		if readErr != nil {
			err = rest.FollowedBy(err, "the provider could not verify whether the experiment is active now", readErr)
		}
		if readErr != nil || now.Deleted() {
			c.addSupersedeError("restore", e.ID, e.Name, err)
			return false
		}
	}
	err := c.client.SetTag(ctx, e.ID, mlflow.Tag{Key: supersededTag, Value: c.client.NormalizeName(c.name())})
	if err == nil {
		return true
	}
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if deleteErr := c.client.DeleteExperiment(cleanup, e.ID); deleteErr != nil {
		err = rest.FollowedBy(err, "deleting the experiment again also failed, so it is active now", deleteErr)
	}
	c.addSupersedeError("mark", e.ID, e.Name, err)
	return false
}

func (c creator) deleteSuperseded(ctx context.Context, id, name string) bool {
	err := c.client.DeleteExperiment(ctx, id)
	if err != nil && !rest.IsNotFound(err) {
		c.addSupersedeError("delete again", id, name, err)
		return false
	}
	return true
}

// resumeSupersede deletes a superseded experiment that an interrupted apply renamed and left active.
func (c creator) resumeSupersede(ctx context.Context) bool {
	filter, err := framework.EqualsFilter(supersededTag, c.client.NormalizeName(c.name()))
	if err != nil {
		return true // the search language cannot express the name, so no experiment has this mark
	}
	for e, err := range c.client.SearchExperiments(ctx, mlflow.Search{Filter: filter}) {
		if err != nil {
			framework.AddError(c.diags, "search for superseded experiments", c.object(), err)
			return false
		}
		if e.Name == supersededName(c.client.NormalizeName(c.name()), e.ID) && !c.deleteSuperseded(ctx, e.ID, e.Name) {
			return false
		}
	}
	return true
}

func (c creator) addSupersedeError(step, id, name string, err error) {
	object := fmt.Sprintf("step %q of %s", step, framework.DescribeExperiment(id, name))
	framework.AddError(c.diags, "supersede the deleted experiment", object, err,
		"No data is lost. Apply again: the provider resumes with this step. If the next apply reports that this experiment already uses the "+
			"name, delete the experiment first.")
}

// supersededName returns the name of a superseded experiment.
func supersededName(name, id string) string {
	if runes := []rune(name); len(runes) > maxSupersededName {
		name = string(runes[:maxSupersededName])
	}
	return fmt.Sprintf("%s (superseded %s)", name, id)
}
