package mlflow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const experimentsPath = "/api/2.0/mlflow/experiments/"

// Experiment is an MLflow experiment as the server describes it.
type Experiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	LifecycleStage   string `json:"lifecycle_stage"`
	// CreationTime and LastUpdateTime are milliseconds since 1970; 0 when the server does not know.
	CreationTime   Int64 `json:"creation_time"`
	LastUpdateTime Int64 `json:"last_update_time"`
	// Tags come in no order; Databricks lists some keys twice.
	Tags []Tag `json:"tags"`
}

// Tag is one experiment tag.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
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
func (e Experiment) TagMap() map[string]string {
	m := make(map[string]string, len(e.Tags))
	for _, t := range e.Tags {
		m[t.Key] = t.Value
	}
	return m
}

// Created is the creation time, zero when the server does not know.
func (e Experiment) Created() time.Time { return millis(e.CreationTime) }

// LastUpdated is the time of the last update, zero when the server does not know.
func (e Experiment) LastUpdated() time.Time { return millis(e.LastUpdateTime) }

func millis(ms Int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms)).UTC()
}

// Tag keys that mean something to the provider or are kept by the server.
const (
	// TagDescription holds the description that the UI shows.
	TagDescription    = "mlflow.note.content"
	TagOwnerEmail     = "mlflow.ownerEmail"
	tagOwnerID        = "mlflow.ownerId"
	TagExperimentType = "mlflow.experimentType"
	TagSourceType     = "mlflow.experiment.sourceType"
)

// IsServerTag reports whether the server maintains a tag itself, so that nobody else should write it.
func IsServerTag(key string) bool {
	switch key {
	case tagOwnerID, TagOwnerEmail, TagExperimentType,
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

// experimentAnswer is one experiment: that of an id, or that of a name.
type experimentAnswer struct {
	Experiment Experiment `json:"experiment"`

	id   string
	name string
}

// usable implements [answer]. A deleted experiment may have another name than the one by which it was found: Databricks moves it to the Trash.
func (a *experimentAnswer) usable(bool) error {
	e := a.Experiment
	switch {
	case e.ID == "" || e.Name == "":
		return errors.New("it contains no experiment")
	case a.id != "":
		return checkSame("experiment", a.id, e.ID)
	case e.Deleted() || strings.EqualFold(a.name, e.Name):
		return nil
	}
	return checkSame("experiment", a.name, e.Name)
}

// GetExperiment reads an experiment by id, deleted ones included.
// Errors: [IsNotFound]. API: GET experiments/get.
func (c *Client) GetExperiment(ctx context.Context, id string) (Experiment, error) {
	out := experimentAnswer{id: id}
	err := c.do(ctx, call{
		method: http.MethodGet, path: experimentsPath + "get", query: url.Values{"experiment_id": {id}},
		out: &out, group: GroupOther,
	})
	if err != nil {
		return Experiment{}, err
	}
	return c.noted(out.Experiment), nil
}

// noted remembers when an experiment was created.
func (c *Client) noted(e Experiment) Experiment {
	if e.CreationTime != 0 {
		c.created.Store(e.ID, e.CreationTime)
	}
	return e
}

// CreatedAt returns when an experiment was created, zero unless this client has read it. It makes no call.
func (c *Client) CreatedAt(id string) time.Time {
	stored, _ := c.created.Load(id)
	ms, _ := stored.(Int64)
	return millis(ms)
}

// GetExperimentByName reads an experiment by name in the spelling of [Client.NormalizeName]. An MLflow server also finds
// deleted ones. Errors: [IsNotFound]. API: GET experiments/get-by-name.
func (c *Client) GetExperimentByName(ctx context.Context, name string) (Experiment, error) {
	name = c.NormalizeName(name)
	out := experimentAnswer{name: name}
	err := c.do(ctx, call{
		method: http.MethodGet, path: experimentsPath + "get-by-name",
		query: url.Values{"experiment_name": {name}}, out: &out, group: GroupOther,
	})
	if err != nil {
		return Experiment{}, err
	}
	return c.noted(out.Experiment), nil
}

// RenameExperiment gives an experiment another name; on Databricks that may move it to another folder.
// Errors: [IsNotFound], [IsAlreadyExists], [IsParentMissing]. API: POST experiments/update.
func (c *Client) RenameExperiment(ctx context.Context, id, name string) error {
	defer c.refresher.wrote(id)
	return c.do(ctx, call{
		method: http.MethodPost, path: experimentsPath + "update",
		body: map[string]string{"experiment_id": id, "new_name": c.NormalizeName(name)}, group: GroupExperimentWrites,
	})
}

// DeleteExperiment soft-deletes an experiment with its runs. Errors: [IsNotFound] when it is gone or deleted already.
// API: POST experiments/delete.
func (c *Client) DeleteExperiment(ctx context.Context, id string) error {
	defer c.refresher.wrote(id)
	err := c.do(ctx, call{
		method: http.MethodPost, path: experimentsPath + "delete",
		body: map[string]string{"experiment_id": id}, group: GroupExperimentWrites,
	})
	return c.confirm(ctx, err, IsNotFound, func(ctx context.Context) bool {
		e, err := c.GetExperiment(ctx, id)
		return IsNotFound(err) || err == nil && e.Deleted()
	})
}

// RestoreExperiment brings a soft-deleted experiment back with its runs and tags. Errors: [IsNotFound] when it was purged,
// or on an MLflow server when it is not deleted. API: POST experiments/restore.
func (c *Client) RestoreExperiment(ctx context.Context, id string) error {
	defer c.refresher.wrote(id)
	err := c.do(ctx, call{
		method: http.MethodPost, path: experimentsPath + "restore",
		body: map[string]string{"experiment_id": id}, group: GroupExperimentWrites,
	})
	isActive := func(ctx context.Context) bool {
		e, err := c.GetExperiment(ctx, id)
		return err == nil && !e.Deleted()
	}
	if isUncertain(err) {
		// Restored and not known to be, it would look like anybody's to the next apply.
		ctx, cancel := c.AfterFailure(ctx)
		defer cancel()
		if isActive(ctx) {
			return nil
		}
	}
	refused := func(err error) bool { return IsNotFound(err) || IsInvalid(err) }
	return c.confirm(ctx, err, refused, isActive)
}

// confirm turns a refusal of a repeated call into success when a read shows that an earlier try took effect.
func (c *Client) confirm(ctx context.Context, err error, refused func(error) bool, done func(context.Context) bool) error {
	if wasRetried(err) && refused(err) && done(ctx) {
		return nil
	}
	return err
}

// Search selects experiments. The zero value selects all active ones.
type Search struct {
	// Filter and OrderBy are in the API's own language.
	Filter  string
	OrderBy []string
	// ViewType is ACTIVE_ONLY (default), DELETED_ONLY or ALL.
	ViewType string
	// PageSize is how many experiments one call asks for; 0 means 1,000.
	PageSize int
}

type searchRequest struct {
	Filter     string   `json:"filter,omitempty"`
	OrderBy    []string `json:"order_by,omitempty"`
	ViewType   string   `json:"view_type,omitempty"`
	MaxResults int      `json:"max_results"`
	PageToken  string   `json:"page_token,omitempty"`
}

// errEndlessPages means that a server returned a page token for the second time. A cache or gateway that drops the body of requests does.
var errEndlessPages = errors.New("the server returned the same page token twice, so its pages have no end; " +
	"a cache or gateway in front of it may drop or ignore the body of the request")

// SearchExperiments yields the experiments of a search, page by page as they are consumed. The first error ends it.
// Errors: [IsInvalid] for a filter that the server does not understand. API: POST experiments/search.
func (c *Client) SearchExperiments(ctx context.Context, s Search) iter.Seq2[Experiment, error] {
	return func(yield func(Experiment, error) bool) {
		req := searchRequest{Filter: s.Filter, OrderBy: s.OrderBy, ViewType: s.ViewType, MaxResults: s.PageSize}
		if req.MaxResults == 0 {
			req.MaxResults = pageSize
		}
		seen := map[string]bool{}
		for {
			page, err := c.searchPage(ctx, req, false)
			if err != nil {
				yield(Experiment{}, err)
				return
			}
			for _, e := range page.Experiments {
				if !yield(e, nil) {
					return
				}
			}
			if page.NextPageToken == "" {
				return
			}
			if seen[page.NextPageToken] {
				yield(Experiment{}, fmt.Errorf("searching experiments: %w", errEndlessPages))
				return
			}
			seen[page.NextPageToken] = true
			req.PageToken = page.NextPageToken
		}
	}
}
