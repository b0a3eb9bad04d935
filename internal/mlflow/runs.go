package mlflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// runsPath is the beginning of the paths of run endpoints.
const runsPath = "/api/2.0/mlflow/runs/"

// RunStatuses are the values of [Run].Status, in the order in which the API lists them.
var RunStatuses = []string{"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"}

// Run is an MLflow run as the server returns it.
type Run struct {
	ID, Name, ExperimentID string
	// Status is one of [RunStatuses].
	Status string
	// User is the user ID of the run, or the tag mlflow.user if the server has none.
	User string
	// ArtifactURI is the location of the run's artifacts.
	ArtifactURI string
	// Started and Ended are in milliseconds since 1970, 0 if the server does not return them, for example the end of a running one.
	Started, Ended int64
	// Deleted reports whether the run is soft-deleted: the server still returns it.
	Deleted bool
	// Metrics has the last value of each metric, which can be NaN or infinite.
	Metrics      map[string]float64
	Params, Tags map[string]string
}

// metricValue is the value of a metric. Servers return a number, or one of the strings "NaN", "Infinity", and "-Infinity".
type metricValue float64

// UnmarshalJSON implements [json.Unmarshaler].
func (v *metricValue) UnmarshalJSON(data []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // out of range, it is infinite
		return fmt.Errorf("the value %s of a metric is not a number", data)
	}
	*v = metricValue(f)
	return nil
}

// runMetric is one value of a metric.
type runMetric struct {
	Key       string      `json:"key"`
	Value     metricValue `json:"value"`
	Timestamp rest.Int64  `json:"timestamp"`
	Step      rest.Int64  `json:"step"`
}

// isAfter reports whether a value is newer than another one of the same metric. Of two with the same time and step, the greater one is
// newer, as in the API.
func (m runMetric) isAfter(o runMetric) bool {
	return cmp.Or(cmp.Compare(m.Timestamp, o.Timestamp), cmp.Compare(m.Step, o.Step), cmp.Compare(m.Value, o.Value)) > 0
}

// runInfo is a run in a response, without its data.
type runInfo struct {
	ID             string     `json:"run_id"`
	UUID           string     `json:"run_uuid"` // the ID, on old servers
	Name           string     `json:"run_name"`
	ExperimentID   string     `json:"experiment_id"`
	Status         string     `json:"status"`
	UserID         string     `json:"user_id"`
	ArtifactURI    string     `json:"artifact_uri"`
	LifecycleStage string     `json:"lifecycle_stage"`
	StartTime      rest.Int64 `json:"start_time"`
	EndTime        rest.Int64 `json:"end_time"`
}

// check returns why a decoded object is not a run.
func (i runInfo) check() error {
	switch {
	case i.id() == "":
		return errors.New("it contains a run without an ID")
	case i.ExperimentID == "":
		return fmt.Errorf("it contains run %q without an experiment ID", i.id())
	}
	return nil
}

func (i runInfo) id() string { return cmp.Or(i.ID, i.UUID) }

func (i runInfo) isDeleted() bool { return i.LifecycleStage == "deleted" }

// runJSON is a run in a response.
type runJSON struct {
	Info runInfo `json:"info"`
	Data struct {
		Metrics []runMetric `json:"metrics"`
		Params  []Tag       `json:"params"`
		Tags    []Tag       `json:"tags"`
	} `json:"data"`
}

func (r runJSON) about() runInfo { return r.Info }

// run converts the response.
func (r *runJSON) run() Run {
	tags := tagMap(r.Data.Tags)
	return Run{
		ID: r.Info.id(), ExperimentID: r.Info.ExperimentID, Status: r.Info.Status, ArtifactURI: r.Info.ArtifactURI,
		Name: cmp.Or(r.Info.Name, tags[TagRunName]), User: cmp.Or(r.Info.UserID, tags[TagRunUser]),
		Started: int64(r.Info.StartTime), Ended: int64(r.Info.EndTime), Deleted: r.Info.isDeleted(),
		Metrics: newestMetrics(r.Data.Metrics), Params: tagMap(r.Data.Params), Tags: tags,
	}
}

// Tag keys of runs that the provider reads.
const (
	TagRunName = "mlflow.runName"
	TagRunUser = "mlflow.user"
)

// newestMetrics returns the newest value of each metric. Databricks can list a key several times, for example one value for each logged
// model.
func newestMetrics(metrics []runMetric) map[string]float64 {
	newest := make(map[string]runMetric, len(metrics))
	for _, m := range metrics {
		if known, there := newest[m.Key]; !there || m.isAfter(known) {
			newest[m.Key] = m
		}
	}
	values := make(map[string]float64, len(newest))
	for key, m := range newest {
		values[key] = float64(m.Value)
	}
	return values
}

// runResponse is the run with an ID.
type runResponse struct {
	Run runJSON `json:"run"`

	id string
}

// Validate implements [rest.Response].
func (a *runResponse) Validate(bool) error {
	if a.Run.Info.id() == "" {
		return errors.New("it contains no run")
	}
	return errors.Join(rest.CheckSame("run", a.id, a.Run.Info.id()), a.Run.Info.check())
}

// GetRun reads a run by ID, including deleted ones. Errors: [rest.IsNotFound], [rest.IsInvalid] for an invalid run ID. API: GET runs/get.
func (c *Client) GetRun(ctx context.Context, id string) (Run, error) {
	out := runResponse{id: id}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: runsPath + "get", Query: url.Values{"run_id": {id}}, Out: &out, Group: rest.GroupOther,
	})
	if err != nil {
		return Run{}, err
	}
	return out.Run.run(), nil
}
