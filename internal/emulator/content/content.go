// Package content has the content of the experiments of an emulated workspace: runs with their metrics, parameters, tags, and files, logged
// models, and traces. It has the routes that create, search, change, and delete them.
package content

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// Experiment has the fields of an experiment that the routes need.
type Experiment struct {
	ID, ArtifactLocation string
	Deleted              bool
}

// Experiments are the experiments of a workspace.
type Experiments interface {
	// Readable finds an experiment by ID, a deleted one too. It returns an error if the caller cannot read it.
	Readable(c *wire.Call, id string) (Experiment, error)
	// Editable finds an experiment by ID, a deleted one too. It returns an error if the caller cannot edit it.
	Editable(c *wire.Call, id string) (Experiment, error)
	// Existing finds an experiment for which there is no caller. It panics if there is none.
	Existing(id string) Experiment
	// Touch sets the experiment's time of the last update.
	Touch(id string)
}

// access is Readable or Editable of Experiments.
type access = func(c *wire.Call, experimentID string) (Experiment, error)

// Store contains the content of all experiments of a workspace. Its caller must hold the lock of the workspace.
type Store struct {
	experiments  Experiments
	newID        func() string // sixteen digits
	now          func() int64  // milliseconds since 1970
	byExperiment map[string]*items
	runs         map[string]*run
	models       map[string]*model
	traces       map[string]*trace
	signed       map[string]*trace // by the key of a signed URL
}

// items is the content of one experiment.
type items struct {
	runs   []*run // in the default order of a search
	models []*model
	traces []*trace
}

// New returns a store without content. now returns milliseconds since 1970.
func New(experiments Experiments, newID func() string, now func() int64) *Store {
	return &Store{
		experiments: experiments, newID: newID, now: now,
		byExperiment: map[string]*items{}, runs: map[string]*run{}, models: map[string]*model{}, traces: map[string]*trace{},
		signed: map[string]*trace{},
	}
}

// Routes returns the handlers by the patterns of their routes, all of which need a caller.
func (s *Store) Routes() map[string]wire.Handler {
	const (
		runs    = "/api/2.0/mlflow/runs/"
		models  = "/api/2.0/mlflow/logged-models"
		traces2 = "/api/2.0/mlflow/traces"
		traces3 = "/api/3.0/mlflow/traces"
	)
	routes := map[string]wire.Handler{
		"POST " + runs + "create":        s.createRun,
		"GET " + runs + "get":            s.getRun,
		"POST " + runs + "update":        s.updateRun,
		"POST " + runs + "delete":        s.deleteRun,
		"POST " + runs + "restore":       s.restoreRun,
		"POST " + runs + "search":        s.searchRuns,
		"POST " + runs + "log-metric":    s.logMetric,
		"POST " + runs + "log-parameter": s.logParam,
		"POST " + runs + "log-batch":     s.logBatch,
		"POST " + runs + "log-inputs":    s.logInputs,
		"POST " + runs + "outputs":       s.logOutputs,
		"POST " + runs + "log-model":     s.logModel,
		"POST " + runs + "set-tag":       s.setRunTag,
		"POST " + runs + "delete-tag":    s.deleteRunTag,

		"POST /api/2.0/mlflow/databricks/runs/delete-runs":  s.deleteRuns,
		"POST /api/2.0/mlflow/databricks/runs/restore-runs": s.restoreRuns,
		"GET /api/2.0/mlflow/metrics/get-history":           s.metricHistory,
		"GET /api/2.0/mlflow/artifacts/list":                s.listArtifacts,

		"POST " + models:                              s.createModel,
		"GET " + models + "/{model_id}":               s.getModel,
		"PATCH " + models + "/{model_id}":             s.finalizeModel,
		"DELETE " + models + "/{model_id}":            s.deleteModel,
		"POST " + models + "/{model_id}/params":       s.logModelParams,
		"PATCH " + models + "/{model_id}/tags":        s.setModelTags,
		"DELETE " + models + "/{model_id}/tags/{key}": s.deleteModelTag,
		"POST " + models + "/search":                  s.searchModels,

		"GET " + traces2:                                               s.listTraces,
		"POST " + traces3:                                              s.startTrace,
		"GET " + traces3 + "/{trace_id}":                               s.getTrace,
		"POST " + traces3 + "/search":                                  s.searchTraces,
		"POST " + traces2 + "/delete-traces":                           s.deleteTraces,
		"POST " + traces3 + "/delete-traces":                           s.deleteTraces,
		"PATCH " + traces2 + "/{trace_id}/tags":                        s.setTraceTag,
		"PATCH " + traces3 + "/{trace_id}/tags":                        s.setTraceTag,
		"DELETE " + traces2 + "/{trace_id}/tags":                       s.deleteTraceTag,
		"DELETE " + traces3 + "/{trace_id}/tags":                       s.deleteTraceTag,
		"GET " + traces2 + "/{trace_id}/credentials-for-data-download": s.traceDownloadCredentials,
		"GET " + traces2 + "/{trace_id}/credentials-for-data-upload":   s.traceUploadCredentials,
	}
	s.addFileRoutes(routes)
	return routes
}

// PublicRoutes returns the handlers of the routes that need no caller.
func (s *Store) PublicRoutes() map[string]wire.Handler {
	return map[string]wire.Handler{
		"PUT " + storagePath + "{key}": s.putTraceData,
		"GET " + storagePath + "{key}": s.getTraceData,
	}
}

// in returns the content of an experiment.
func (s *Store) in(experimentID string) *items {
	if s.byExperiment[experimentID] == nil {
		s.byExperiment[experimentID] = &items{}
	}
	return s.byExperiment[experimentID]
}

// writable finds an active experiment, which the caller must be able to edit.
func (s *Store) writable(c *wire.Call, experimentID string) (Experiment, error) {
	e, err := s.experiments.Editable(c, experimentID)
	if err == nil && e.Deleted {
		err = wire.InvalidParameter("The experiment %s must be in the 'active' state. Current state is deleted.", e.ID)
	}
	return e, err
}

// Forget permanently removes the content of an experiment.
func (s *Store) Forget(experimentID string) {
	for _, r := range s.in(experimentID).runs {
		delete(s.runs, r.id)
	}
	for _, m := range s.in(experimentID).models {
		delete(s.models, m.id)
	}
	for _, t := range s.in(experimentID).traces {
		delete(s.traces, t.id)
	}
	delete(s.byExperiment, experimentID)
}

// Delete deletes the active runs of an experiment, as deleting the experiment does.
func (s *Store) Delete(experimentID string) {
	for _, r := range s.in(experimentID).runs {
		r.delete(s.now())
	}
}

// Restore restores all runs of an experiment, as restoring the experiment does. Like the MLflow server, it does not distinguish runs
// that were deleted before the experiment.
func (s *Store) Restore(experimentID string) {
	for _, r := range s.in(experimentID).runs {
		r.deleted = 0
	}
}

// hexID returns a new ID of 32 hexadecimal digits. The order of these IDs is not that of their creation.
func (s *Store) hexID() string {
	sum := sha256.Sum256([]byte(s.newID()))
	return hex.EncodeToString(sum[:16])
}

// keyValue is a parameter or a tag on the wire.
type keyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// keyValues lists a map by key.
func keyValues(m map[string]string) []keyValue {
	var list []keyValue
	for key, value := range m {
		list = append(list, keyValue{key, value})
	}
	slices.SortFunc(list, func(a, b keyValue) int { return cmp.Compare(a.Key, b.Key) })
	return list
}
