package emulator

import (
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/content"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Run is a copy of a run in the workspace.
type Run = content.Run

// contents implements [content.Experiments].
type contents struct{ *Workspace }

func (w contents) Readable(c *wire.Call, id string) (content.Experiment, error) {
	return w.permitted(c, id, canRead)
}

func (w contents) Editable(c *wire.Call, id string) (content.Experiment, error) {
	return w.permitted(c, id, canEdit)
}

func (w contents) permitted(c *wire.Call, id, level string) (content.Experiment, error) {
	e, err := w.permittedExperiment(c, id, level)
	if err != nil {
		return content.Experiment{}, err
	}
	return e.contentExperiment(), nil
}

func (w contents) Existing(id string) content.Experiment {
	return w.mustExperiment(id).contentExperiment()
}

func (w contents) Touch(id string) { w.mustExperiment(id).updated = w.millis() }

func (e *experiment) contentExperiment() content.Experiment {
	return content.Experiment{ID: e.id, ArtifactLocation: e.artifactLocation, Deleted: e.deleted()}
}
