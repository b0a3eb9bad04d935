package content

import (
	"cmp"
	"maps"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// tagRunName is the tag that always equals the name of the run.
const tagRunName = "mlflow.runName"

// The statuses of runs.
var runStatuses = []string{"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"}

// run is a run. Times are milliseconds since 1970.
type run struct {
	id, experimentID, name, user, status, artifactURI string

	started, ended   int64 // as clients send them; ended is 0 until the run ends
	created, deleted int64 // by the clock of the workspace; deleted is 0 while the run is active

	metrics      map[string][]metric // all values of each key, as they were logged
	latest       map[string]metric   // the current value of each key
	params, tags map[string]string
	datasets     []datasetInput
	models       []modelInput
	outputs      []modelOutput
	files        files
}

// metric is one value of a metric on the wire.
type metric struct {
	Key           string      `json:"key"`
	Value         wire.Double `json:"value"`
	Timestamp     int64       `json:"timestamp"`
	Step          int64       `json:"step"`
	ModelID       string      `json:"model_id,omitempty"`
	DatasetName   string      `json:"dataset_name,omitempty"`
	DatasetDigest string      `json:"dataset_digest,omitempty"`
	RunID         string      `json:"run_id,omitempty"`
}

// replaces reports whether m is the current value instead of another one of the same key: it is newer or, at the same time, greater. NaN is
// less than every number.
func (m metric) replaces(other metric) bool {
	return cmp.Or(cmp.Compare(m.Timestamp, other.Timestamp), cmp.Compare(m.Value, other.Value)) >= 0
}

// runInfo is the info of a run on the wire.
type runInfo struct {
	RunID          string `json:"run_id"`
	RunUUID        string `json:"run_uuid"`
	RunName        string `json:"run_name,omitempty"`
	ExperimentID   string `json:"experiment_id"`
	UserID         string `json:"user_id,omitempty"`
	Status         string `json:"status"`
	StartTime      int64  `json:"start_time"`
	EndTime        int64  `json:"end_time,omitempty"`
	ArtifactURI    string `json:"artifact_uri"`
	LifecycleStage string `json:"lifecycle_stage"`
}

// runJSON is a run on the wire.
type runJSON struct {
	Info runInfo `json:"info"`
	Data struct {
		Metrics []metric   `json:"metrics,omitempty"`
		Params  []keyValue `json:"params,omitempty"`
		Tags    []keyValue `json:"tags,omitempty"`
	} `json:"data"`
	Inputs struct {
		Datasets []datasetInput `json:"dataset_inputs,omitempty"`
		Models   []modelInput   `json:"model_inputs,omitempty"`
	} `json:"inputs"`
	Outputs *struct {
		Models []modelOutput `json:"model_outputs"`
	} `json:"outputs,omitempty"`
}

func (r *run) info() runInfo {
	stage := "active"
	if r.deleted != 0 {
		stage = "deleted"
	}
	return runInfo{r.id, r.id, r.name, r.experimentID, r.user, r.status, r.started, r.ended, r.artifactURI, stage}
}

func (r *run) json() runJSON {
	out := runJSON{Info: r.info()}
	for _, key := range slices.Sorted(maps.Keys(r.latest)) {
		out.Data.Metrics = append(out.Data.Metrics, r.latest[key])
	}
	out.Data.Params, out.Data.Tags = keyValues(r.params), keyValues(r.tags)
	out.Inputs.Datasets, out.Inputs.Models = r.datasets, r.models
	if len(r.outputs) > 0 {
		out.Outputs = &struct {
			Models []modelOutput `json:"model_outputs"`
		}{r.outputs}
	}
	return out
}

// newestFirst is the default order of a search.
func newestFirst(a, b *run) int {
	return cmp.Or(cmp.Compare(b.started, a.started), cmp.Compare(a.id, b.id))
}

// addRun adds a run to its experiment, with a new ID, and with defaults for fields that are not set.
func (s *Store) addRun(e Experiment, r *run) {
	r.id, r.experimentID = s.hexID(), e.ID
	r.artifactURI = e.ArtifactLocation + "/" + r.id + "/artifacts"
	r.metrics, r.latest, r.files = map[string][]metric{}, map[string]metric{}, files{}
	if r.params == nil {
		r.params = map[string]string{}
	}
	if r.tags == nil {
		r.tags = map[string]string{}
	}
	r.rename(cmp.Or(r.name, r.tags[tagRunName], "run-"+r.id[:8]))
	s.runs[r.id] = r
	in := s.in(e.ID)
	i, _ := slices.BinarySearchFunc(in.runs, r, newestFirst)
	in.runs = slices.Insert(in.runs, i, r)
	s.experiments.Touch(e.ID)
}

func (r *run) rename(name string) {
	r.name, r.tags[tagRunName] = name, name
}

func (r *run) setTag(key, value string) {
	r.tags[key] = value
	if key == tagRunName {
		r.name = value
	}
}

func (r *run) addMetric(m metric) {
	r.metrics[m.Key] = append(r.metrics[m.Key], m)
	if last, ok := r.latest[m.Key]; !ok || m.replaces(last) {
		r.latest[m.Key] = m
	}
}

// delete deletes an active run. The deletion time of a deleted run does not change.
func (r *run) delete(now int64) {
	if r.deleted == 0 {
		r.deleted = now
	}
}

// runRef is the ID of a run in the body of a request.
type runRef struct {
	RunID   string `json:"run_id"`
	RunUUID string `json:"run_uuid"` // older name of RunID
}

func (r runRef) id() string { return cmp.Or(r.RunID, r.RunUUID) }

// queriedRun finds the run that a query names, which the caller must be able to read.
func (s *Store) queriedRun(c *wire.Call) (*run, error) {
	query := c.URL.Query()
	return s.readableRun(c, cmp.Or(query.Get("run_id"), query.Get("run_uuid")))
}

// readableRun finds a run, a deleted one too, which the caller must be able to read.
func (s *Store) readableRun(c *wire.Call, id string) (*run, error) {
	return s.findRun(c, id, s.experiments.Readable)
}

// editableRun finds a run, a deleted one too, which the caller must be able to edit.
func (s *Store) editableRun(c *wire.Call, id string) (*run, error) {
	return s.findRun(c, id, s.experiments.Editable)
}

// writableRun finds an active run, which the caller must be able to edit.
func (s *Store) writableRun(c *wire.Call, id string) (*run, error) {
	r, err := s.editableRun(c, id)
	if err == nil && r.deleted != 0 {
		return nil, wire.InvalidParameter("The run %s must be in the 'active' state. Current state is deleted.", id)
	}
	return r, err
}

func (s *Store) findRun(c *wire.Call, id string, access access) (*run, error) {
	if id == "" {
		return nil, wire.MissingParameter("run_id")
	}
	r := s.runs[id]
	if r == nil {
		return nil, wire.NotFound("Run with id=%s not found", id)
	}
	_, err := access(c, r.experimentID)
	return r, err
}
