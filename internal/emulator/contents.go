package emulator

import (
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/content"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// contents gives the routes of package content the experiments of a workspace.
type contents struct{ *Workspace }

func (w contents) Readable(c *wire.Call, id string) (content.Experiment, error) {
	return w.withContent(c, id, canRead)
}

func (w contents) Editable(c *wire.Call, id string) (content.Experiment, error) {
	return w.withContent(c, id, canEdit)
}

func (w contents) withContent(c *wire.Call, id, level string) (content.Experiment, error) {
	e, err := w.permittedExperiment(c, id, level)
	if err != nil {
		return content.Experiment{}, err
	}
	return content.Experiment{ID: e.id, ArtifactLocation: e.artifactLocation, Deleted: e.deleted(), Items: e.content}, nil
}

// AddItem adds an item with a new ID, which changes the experiment's time of the last update.
func (w contents) AddItem(experimentID string, kind content.Kind) content.Item {
	e := w.mustExperiment(experimentID)
	item := content.Item{ID: "m-" + w.newID(), Created: w.millis()}
	e.content[kind] = append(e.content[kind], item)
	e.updated = item.Created
	return item
}
