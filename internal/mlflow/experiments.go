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

// ExperimentsPath is where the paths of the calls about experiments begin.
const ExperimentsPath = "/api/2.0/mlflow/experiments/"

// Experiment is an MLflow experiment as the server describes it.
type Experiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	LifecycleStage   string `json:"lifecycle_stage"`
	// CreationTime and LastUpdateTime are milliseconds since 1970; 0 when the server does not know.
	CreationTime   rest.Int64 `json:"creation_time"`
	LastUpdateTime rest.Int64 `json:"last_update_time"`
	// Tags come in no order; Databricks lists some keys twice.
	Tags []Tag `json:"tags"`
	// TraceLocation is nil unless one is bound.
	TraceLocation *TraceLocation `json:"trace_location"`
}

// Tag is one experiment tag.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// experimentResponse is one experiment: that of an id, or that of a name.
type experimentResponse struct {
	Experiment Experiment `json:"experiment"`

	id   string
	name string
}

// Validate implements [rest.Response]. A deleted experiment may have another name than the one by which it was found: Databricks moves it to
// the Trash.
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

// Deleted reports whether the experiment is soft-deleted: the server still answers for it.
func (e Experiment) Deleted() bool { return e.LifecycleStage == "deleted" }

// Tag gives the value of a tag. A blank value counts: see [Client.RemoveTag].
func (e Experiment) Tag(key string) (string, bool) {
	for _, t := range e.Tags {
		if t.Key == key {
			return t.Value, true
		}
	}
	return "", false
}

// TagMap gives all tags by key.
func (e Experiment) TagMap() map[string]string { return tagMap(e.Tags) }

func tagMap(tags []Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

// Created is the creation time, zero when the server does not know.
func (e Experiment) Created() time.Time { return timeFromMillis(e.CreationTime) }

// LastUpdated is the time of the last update, zero when the server does not know.
func (e Experiment) LastUpdated() time.Time { return timeFromMillis(e.LastUpdateTime) }

// Tag keys that mean something to the provider or are kept by the server.
const (
	// TagDescription holds the description that the UI shows.
	TagDescription    = "mlflow.note.content"
	TagOwnerEmail     = "mlflow.ownerEmail"
	TagOwnerID        = "mlflow.ownerId"
	TagExperimentType = "mlflow.experimentType"
	TagSourceType     = "mlflow.experiment.sourceType"
)

// IsServerTag reports whether the server maintains a tag itself, so that nobody else should write it.
func IsServerTag(key string) bool {
	switch key {
	case TagOwnerID, TagOwnerEmail, TagExperimentType,
		"mlflow.experiment.sourceName", TagSourceType, "mlflow.experiment.sourceId":
		return true
	default:
		return strings.HasPrefix(key, "mlflow.sharedViewState.")
	}
}

// Kinds of experiments on Databricks: the latter two have no access control list of their own.
const (
	KindWorkspace = "workspace"
	KindNotebook  = "notebook"
	KindGitFolder = "git_folder"
)

// Kind tells a notebook's experiment from one that stands by itself.
func (e Experiment) Kind() string {
	if v, _ := e.Tag(TagSourceType); v == "REPO_NOTEBOOK" {
		return KindGitFolder
	}
	if v, _ := e.Tag(TagExperimentType); v == "NOTEBOOK" {
		return KindNotebook
	}
	return KindWorkspace
}

// GetExperiment reads an experiment by id, deleted ones included.
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

// CreatedAt returns when an experiment was created, zero unless this client has read it. It makes no call.
func (c *Client) CreatedAt(id string) time.Time {
	stored, _ := c.created.Load(id)
	ms, _ := stored.(rest.Int64)
	return timeFromMillis(ms)
}

// GetExperimentByName reads an experiment by name in the spelling of [Client.NormalizeName]. An MLflow server also finds
// deleted ones. Errors: [rest.IsNotFound]. API: GET experiments/get-by-name.
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

// RenameExperiment gives an experiment another name; on Databricks that may move it to another folder.
// Errors: [rest.IsNotFound], [rest.IsAlreadyExists], [rest.IsParentMissing]. API: POST experiments/update.
func (c *Client) RenameExperiment(ctx context.Context, id, name string) error {
	defer c.refresher.invalidate(id)
	return c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: ExperimentsPath + "update",
		Body: map[string]string{"experiment_id": id, "new_name": c.NormalizeName(name)}, Group: rest.GroupExperimentWrites,
	})
}

// DeleteExperiment soft-deletes an experiment with its runs. Errors: [rest.IsNotFound] when it is gone or deleted already.
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

// RestoreExperiment brings a soft-deleted experiment back with its runs and tags. Errors: [rest.IsNotFound] when it was purged,
// or on an MLflow server when it is not deleted. API: POST experiments/restore.
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
		// Restored and not known to be, it would look like anybody's to the next apply.
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

// recordCreated remembers when an experiment was created.
func (c *Client) recordCreated(e Experiment) Experiment {
	if e.CreationTime != 0 {
		c.created.Store(e.ID, e.CreationTime)
	}
	return e
}
