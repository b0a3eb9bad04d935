package emulator

import (
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/directory"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Tag is one tag of an experiment.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Limits on tags. The lengths are in bytes.
const (
	maxTagKey   = 250
	maxTagValue = 64 * 1024
	maxTags     = 1000
)

// Tags that the workspace sets.
const (
	tagOwnerID        = "mlflow.ownerId"
	tagOwnerEmail     = "mlflow.ownerEmail"
	tagExperimentType = "mlflow.experimentType"
	tagSourceName     = "mlflow.experiment.sourceName"
	tagSourceType     = "mlflow.experiment.sourceType"
	tagSourceID       = "mlflow.experiment.sourceId"
)

// systemTags returns the tags that a real workspace sets, in its order and with the owner ID twice.
func systemTags(owner *directory.Account, n *node) []Tag {
	tags := []Tag{
		{tagOwnerID, owner.ID},
		{tagSourceName, n.path},
		{tagOwnerID, owner.ID},
		{tagOwnerEmail, owner.Name},
	}
	switch {
	case n.kind == nodeExperiment:
		return append(tags, Tag{tagExperimentType, nodeExperiment})
	case isGitNotebook(n):
		return append(tags, Tag{tagSourceType, "REPO_NOTEBOOK"}, Tag{tagSourceID, n.id})
	}
	return append(tags, Tag{tagExperimentType, nodeNotebook})
}

// checkTag rejects a tag that is too long, or that exceeds the maximum number of tags of an experiment, which has present tags.
func checkTag(t Tag, present int) error {
	switch {
	case t.Key == "":
		return wire.MissingParameter("key")
	case len(t.Key) > maxTagKey:
		return wire.InvalidParameter("Tag key '%s' had length %d, which exceeded length limit of %d", t.Key, len(t.Key), maxTagKey)
	case len(t.Value) > maxTagValue:
		return wire.InvalidParameter("Tag value of '%s' had length %d, which exceeded length limit of %d", t.Key, len(t.Value), maxTagValue)
	case present >= maxTags:
		return wire.InvalidParameter("An experiment can have at most %d tags", maxTags)
	}
	return nil
}

// replaceTag changes all tags with a key, and reports whether there is one.
func replaceTag(tags []Tag, key, value string) bool {
	found := false
	for i := range tags {
		if tags[i].Key == key {
			tags[i].Value = value
			found = true
		}
	}
	return found
}

func upsertTag(tags []Tag, t Tag) []Tag {
	if replaceTag(tags, t.Key, t.Value) {
		return tags
	}
	return append(tags, t)
}

func removeTag(tags []Tag, key string) []Tag {
	return slices.DeleteFunc(tags, func(t Tag) bool { return t.Key == key })
}

func (e *experiment) hasTag(key string) bool {
	return slices.ContainsFunc(slices.Concat(e.tags, e.systemTags), func(t Tag) bool { return t.Key == key })
}

func (w *Workspace) setTag(e *experiment, t Tag) {
	if !replaceTag(e.systemTags, t.Key, t.Value) {
		e.tags = upsertTag(e.tags, t)
	}
	e.updated = w.millis()
}

func (w *Workspace) removeTag(e *experiment, key string) {
	e.tags = removeTag(e.tags, key)
	e.systemTags = removeTag(e.systemTags, key)
	e.updated = w.millis()
}

func (w *Workspace) setExperimentTag(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string  `json:"experiment_id"`
		Key          string  `json:"key"`
		Value        *string `json:"value"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, err := w.taggableExperiment(c, in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if in.Value == nil {
		return nil, wire.MissingParameter("value")
	}
	present := len(e.tags)
	if e.hasTag(in.Key) {
		present--
	}
	t := Tag{in.Key, *in.Value}
	if err := checkTag(t, present); err != nil {
		return nil, err
	}
	w.setTag(e, t)
	return wire.Empty{}, nil
}

func (w *Workspace) deleteExperimentTag(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string `json:"experiment_id"`
		Key          string `json:"key"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, err := w.taggableExperiment(c, in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if !e.hasTag(in.Key) {
		return nil, wire.NotFound("No tag with name: %s in experiment with ID %s", in.Key, e.id)
	}
	w.removeTag(e, in.Key)
	return wire.Empty{}, nil
}

// taggableExperiment finds an active experiment, which the caller must be able to edit.
func (w *Workspace) taggableExperiment(c *wire.Call, id string) (*experiment, error) {
	e, err := w.permittedExperiment(c, id, canEdit)
	if err != nil {
		return nil, err
	}
	if e.deleted() {
		return nil, wire.InvalidParameter("The experiment %s must be in the 'active' state. Current state is deleted.", id)
	}
	return e, nil
}
