package experiment

import (
	"context"
	"fmt"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// supersededTag marks an experiment that is being moved aside. Its value is the name that it held, so that an interrupted apply
// can be taken up again.
const supersededTag = "mlflow_terraform.superseded"

// maxAsideName keeps the name that a superseded experiment gets within every server's limit, in characters.
const maxAsideName = 450

// isSuperseded tells that an earlier apply began to move this experiment aside.
func (o obtaining) isSuperseded(e mlflow.Experiment) bool {
	value, _ := e.Tag(supersededTag)
	return value == o.client.NormalizeName(o.name())
}

// superseded moves the experiment that holds the name aside – restore, mark, rename, delete again – and creates a new one. Each step
// can be taken up again by the next apply.
func (o obtaining) superseded(ctx context.Context, e mlflow.Experiment) (mlflow.Experiment, bool) {
	if e.Deleted() && !o.restoreMarked(ctx, e) {
		return e, false
	}
	aside := asideName(o.client.NormalizeName(o.name()), e.ID)
	if err := o.client.RenameExperiment(ctx, e.ID, aside); err != nil {
		o.supersedeFailed("rename aside", e.ID, e.Name, err)
		return e, false
	}
	if !o.deleteAside(ctx, e.ID, aside) {
		return e, false
	}
	// The look gives the server's clock, which tells a new experiment from an older one.
	found, err := o.client.GetExperimentByName(ctx, o.name())
	switch {
	case rest.IsNotFound(err):
		o.plan.IfDeleted = framework.OrNull(ifDeletedError)
		return o.createFresh(ctx, rest.ServerDate(err))
	case err != nil:
		framework.AddError(o.diags, "look for experiment", framework.DescribeExperiment("", o.name()), err)
		return found, false
	default:
		o.createFailed(&mlflow.TakenError{Experiment: found, Err: fmt.Errorf("the name was taken again in between")})
		return found, false
	}
}

// restoreMarked restores a deleted experiment and marks it. When the mark can't be set it is deleted again, as it was.
func (o obtaining) restoreMarked(ctx context.Context, e mlflow.Experiment) bool {
	if err := o.client.RestoreExperiment(ctx, e.ID); err != nil {
		// Left active without a mark it would look like anybody's at the next apply, so a failure is not taken at its word.
		now, lookErr := o.client.GetExperiment(ctx, e.ID)
		if lookErr != nil {
			err = fmt.Errorf("%w; and whether it is active now could not be told: %w", err, lookErr)
		}
		if lookErr != nil || now.Deleted() {
			o.supersedeFailed("restore", e.ID, e.Name, err)
			return false
		}
	}
	err := o.client.SetTag(ctx, e.ID, mlflow.Tag{Key: supersededTag, Value: o.client.NormalizeName(o.name())})
	if err == nil {
		return true
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if backErr := o.client.DeleteExperiment(back, e.ID); backErr != nil {
		err = fmt.Errorf("%w; and deleting it again failed, so it is active now: %w", err, backErr)
	}
	o.supersedeFailed("mark", e.ID, e.Name, err)
	return false
}

func (o obtaining) deleteAside(ctx context.Context, id, name string) bool {
	err := o.client.DeleteExperiment(ctx, id)
	if err != nil && !rest.IsNotFound(err) {
		o.supersedeFailed("delete again", id, name, err)
		return false
	}
	return true
}

// finishSuperseding deletes what an interrupted apply renamed aside and left active.
func (o obtaining) finishSuperseding(ctx context.Context) bool {
	filter, err := framework.EqualsFilter(supersededTag, o.client.NormalizeName(o.name()))
	if err != nil {
		return true // such a name can't be searched for, so nothing can be found
	}
	for e, err := range o.client.SearchExperiments(ctx, mlflow.Search{Filter: filter}) {
		if err != nil {
			framework.AddError(o.diags, "look for superseded experiments", framework.DescribeExperiment("", o.name()), err)
			return false
		}
		if e.Name == asideName(o.client.NormalizeName(o.name()), e.ID) && !o.deleteAside(ctx, e.ID, e.Name) {
			return false
		}
	}
	return true
}

func (o obtaining) supersedeFailed(step, id, name string, err error) {
	framework.AddError(o.diags, "supersede the deleted experiment", fmt.Sprintf("step %q of experiment %s, whose name is %q now", step, id, name), err,
		"Nothing is lost. Apply again: it goes on where this one stopped. If that finds the name taken by this same experiment, delete it again first.")
}

func asideName(name, id string) string {
	if runes := []rune(name); len(runes) > maxAsideName {
		name = string(runes[:maxAsideName])
	}
	return fmt.Sprintf("%s (superseded %s)", name, id)
}
