package mlflow

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// ExperimentsPath is the beginning of the paths of experiment endpoints.
const ExperimentsPath = "/api/2.0/mlflow/experiments/"

// Experiment is an MLflow experiment as the server returns it.
type Experiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	LifecycleStage   string `json:"lifecycle_stage"`
	// CreationTime and LastUpdateTime are in milliseconds since 1970, 0 if the server does not return them.
	CreationTime   rest.Int64 `json:"creation_time"`
	LastUpdateTime rest.Int64 `json:"last_update_time"`
	// Tags are in no order. Databricks lists some keys twice.
	Tags []Tag `json:"tags"`
	// TraceLocation is nil if the experiment has none.
	TraceLocation *TraceLocation `json:"trace_location"`
}

// Tag is a tag of an experiment or a run.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// experimentResponse is the experiment with an ID or a name.
type experimentResponse struct {
	Experiment Experiment `json:"experiment"`

	id   string
	name string
}

// Validate implements [rest.Response]. A deleted experiment may have another name than the one by which it was found: Databricks moves it
// to the Trash.
func (a *experimentResponse) Validate(bool) error {
	e := a.Experiment
	switch {
	case e.ID == "" || e.Name == "":
		return errors.New("it contains no experiment")
	case a.id != "":
		return rest.CheckSame("experiment", a.id, e.ID)
	case e.Deleted() || strings.EqualFold(a.name, e.Name):
		return nil
	}
	return rest.CheckSame("experiment", a.name, e.Name)
}

// Deleted reports whether the experiment is soft-deleted: the server still returns it.
func (e Experiment) Deleted() bool { return e.LifecycleStage == "deleted" }

// Tag returns the value of a tag; ok is false if there is no such tag. The value can be empty, see [Client.RemoveTag].
func (e Experiment) Tag(key string) (value string, ok bool) {
	for _, t := range e.Tags {
		if t.Key == key {
			return t.Value, true
		}
	}
	return "", false
}

// TagMap returns all tags by key.
func (e Experiment) TagMap() map[string]string { return tagMap(e.Tags) }

func tagMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

// Created returns the creation time, zero if the server does not return it.
func (e Experiment) Created() time.Time { return timeFromMillis(e.CreationTime) }

// LastUpdated returns the time of the last update, zero if the server does not return it.
func (e Experiment) LastUpdated() time.Time { return timeFromMillis(e.LastUpdateTime) }

// Tag keys of experiments that the provider uses.
const (
	// TagDescription is the tag for the description, which the UI shows.
	TagDescription    = "mlflow.note.content"
	TagOwnerEmail     = "mlflow.ownerEmail"
	TagOwnerID        = "mlflow.ownerId"
	TagExperimentType = "mlflow.experimentType"
	TagSourceType     = "mlflow.experiment.sourceType"
)

// IsServerTag reports whether the server itself maintains a tag, so that clients must not write it.
func IsServerTag(key string) bool {
	switch key {
	case TagOwnerID, TagOwnerEmail, TagExperimentType,
		"mlflow.experiment.sourceName", TagSourceType, "mlflow.experiment.sourceId":
		return true
	default:
		return strings.HasPrefix(key, "mlflow.sharedViewState.")
	}
}

// Kinds of experiments on Databricks. Those of notebooks and Git folders have no access control list of their own.
const (
	KindWorkspace = "workspace"
	KindNotebook  = "notebook"
	KindGitFolder = "git_folder"
)

// Kind returns [KindWorkspace], or, for the experiment of a notebook, [KindNotebook] or, in a Git folder, [KindGitFolder].
func (e Experiment) Kind() string {
	if v, _ := e.Tag(TagSourceType); v == "REPO_NOTEBOOK" {
		return KindGitFolder
	}
	if v, _ := e.Tag(TagExperimentType); v == "NOTEBOOK" {
		return KindNotebook
	}
	return KindWorkspace
}

// GetExperiment reads an experiment by ID, including deleted ones.
// Errors: [rest.IsNotFound]. API: GET experiments/get.
func (c *Client) GetExperiment(ctx context.Context, id string) (Experiment, error) {
	out := experimentResponse{id: id}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: ExperimentsPath + "get", Query: url.Values{"experiment_id": {id}},
		Out: &out, Group: rest.GroupOther,
	})
	if err != nil {
		return Experiment{}, err
	}
	return c.recordCreated(out.Experiment), nil
}

// CreatedAt returns the creation time of an experiment that this client has read, or else zero. It sends no request.
func (c *Client) CreatedAt(id string) time.Time {
	stored, _ := c.created.Load(id)
	ms, _ := stored.(rest.Int64)
	return timeFromMillis(ms)
}

// GetExperimentByName reads an experiment by name, which is normalized with [Client.NormalizeName]. An MLflow server also returns deleted
// experiments. Errors: [rest.IsNotFound]. API: GET experiments/get-by-name.
func (c *Client) GetExperimentByName(ctx context.Context, name string) (Experiment, error) {
	name = c.NormalizeName(name)
	out := experimentResponse{name: name}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: ExperimentsPath + "get-by-name",
		Query: url.Values{"experiment_name": {name}}, Out: &out, Group: rest.GroupOther,
	})
	if err != nil {
		return Experiment{}, err
	}
	return c.recordCreated(out.Experiment), nil
}

// RenameExperiment renames an experiment. On Databricks, it can move it to another folder.
// Errors: [rest.IsNotFound], [rest.IsAlreadyExists], [rest.IsParentMissing]. API: POST experiments/update.
func (c *Client) RenameExperiment(ctx context.Context, id, name string) error {
	defer c.refresher.invalidate(id)
	return c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "update",
		Body: map[string]string{"experiment_id": id, "new_name": c.NormalizeName(name)}, Group: rest.GroupExperimentWrites,
	})
}

// DeleteExperiment soft-deletes an experiment with its runs. Errors: [rest.IsNotFound], also if it is already deleted.
// API: POST experiments/delete.
func (c *Client) DeleteExperiment(ctx context.Context, id string) error {
	defer c.refresher.invalidate(id)
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "delete",
		Body: map[string]string{"experiment_id": id}, Group: rest.GroupExperimentWrites,
	})
	return rest.Confirm(ctx, err, rest.IsNotFound, func(ctx context.Context) bool {
		e, err := c.GetExperiment(ctx, id)
		return rest.IsNotFound(err) || err == nil && e.Deleted()
	})
}

// RestoreExperiment restores a soft-deleted experiment with its runs and tags. Errors: [rest.IsNotFound] if it was purged or, on an MLflow
// server, is not deleted. API: POST experiments/restore.
func (c *Client) RestoreExperiment(ctx context.Context, id string) error {
	defer c.refresher.invalidate(id)
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "restore",
		Body: map[string]string{"experiment_id": id}, Group: rest.GroupExperimentWrites,
	})
	isActive := func(ctx context.Context) bool {
		e, err := c.GetExperiment(ctx, id)
		return err == nil && !e.Deleted()
	}
	if rest.IsUncertain(err) {
		// If it was restored without being recorded, the next apply would find an unmanaged experiment.
		ctx, cancel := rest.AfterFailure(ctx)
		defer cancel()
		if isActive(ctx) {
			return nil
		}
	}
	refused := func(err error) bool { return rest.IsNotFound(err) || rest.IsInvalid(err) }
	return rest.Confirm(ctx, err, refused, isActive)
}

func timeFromMillis(ms rest.Int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

// recordCreated records the creation time of an experiment, and returns the experiment.
func (c *Client) recordCreated(e Experiment) Experiment {
	if e.CreationTime != 0 {
		c.created.Store(e.ID, e.CreationTime)
	}
	return e
}
