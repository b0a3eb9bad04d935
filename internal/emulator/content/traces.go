package content

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/filter"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/paging"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// trace is a trace. Times are milliseconds since 1970.
type trace struct {
	id, experimentID string
	started          int64
	info             map[string]any // as the client sent it, except for the fields of this struct
	metadata, tags   map[string]string
	data             []byte // the spans as the client uploaded them, nil until then
}

// addTrace adds a trace to its experiment, with defaults for fields that are not set.
func (s *Store) addTrace(e Experiment, t *trace) {
	t.id = cmp.Or(t.id, "tr-"+s.hexID())
	t.experimentID = e.ID
	t.tags = maps.Clone(t.tags)
	if t.tags == nil {
		t.tags = map[string]string{}
	}
	t.tags["mlflow.artifactLocation"] = e.ArtifactLocation + "/" + t.id + "/artifacts"
	s.traces[t.id] = t
	s.in(e.ID).traces = append(s.in(e.ID).traces, t)
	s.experiments.Touch(e.ID)
}

func (t *trace) state() string {
	state, _ := t.info["state"].(string)
	return cmp.Or(state, "OK")
}

func (t *trace) json() map[string]any {
	out := map[string]any{"state": t.state()}
	maps.Copy(out, t.info)
	location := map[string]any{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": map[string]string{"experiment_id": t.experimentID}}
	maps.Copy(out, map[string]any{
		"trace_id": t.id, "trace_location": location, "request_time": time.UnixMilli(t.started).UTC().Format("2006-01-02T15:04:05.000Z"),
		"tags": t.tags,
	})
	if len(t.metadata) > 0 {
		out["trace_metadata"] = t.metadata
	}
	return out
}

// older is the trace in the form of version 2.0 of the API.
func (t *trace) older() any {
	return map[string]any{
		"request_id": t.id, "experiment_id": t.experimentID, "timestamp_ms": t.started, "status": t.state(),
		"request_metadata": keyValues(t.metadata), "tags": keyValues(t.tags),
	}
}

// traceLocation is the location of a trace in a request.
type traceLocation struct {
	MLflowExperiment struct {
		ExperimentID string `json:"experiment_id"`
	} `json:"mlflow_experiment"`
}

// startTrace serves POST traces, which clients call at the end of a trace. An existing trace is replaced.
func (s *Store) startTrace(c *wire.Call) (any, error) {
	var in struct {
		Trace struct {
			Info struct {
				ID          string            `json:"trace_id"`
				Location    traceLocation     `json:"trace_location"`
				RequestTime *time.Time        `json:"request_time"`
				Metadata    map[string]string `json:"trace_metadata"`
				Tags        map[string]string `json:"tags"`
			} `json:"trace_info"`
		} `json:"trace"`
	}
	var raw struct {
		Trace struct {
			Info map[string]any `json:"trace_info"`
		} `json:"trace"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if err := c.Decode(&raw); err != nil {
		return nil, err
	}
	info := in.Trace.Info
	e, err := s.experiments.Editable(c, info.Location.MLflowExperiment.ExperimentID)
	if err != nil {
		return nil, err
	}
	if old := s.traces[info.ID]; old != nil {
		if old.experimentID != e.ID {
			return nil, wire.InvalidParameter("Trace with ID '%s' belongs to another experiment.", info.ID)
		}
		s.removeTrace(old)
	}
	t := &trace{id: info.ID, started: s.now(), info: raw.Trace.Info, metadata: info.Metadata, tags: info.Tags}
	if info.RequestTime != nil {
		t.started = info.RequestTime.UnixMilli()
	}
	s.addTrace(e, t)
	return map[string]any{"trace": map[string]any{"trace_info": t.json()}}, nil
}

func (s *Store) removeTrace(t *trace) {
	delete(s.traces, t.id)
	in := s.in(t.experimentID)
	in.traces = slices.DeleteFunc(in.traces, func(other *trace) bool { return other == t })
}

// findTrace finds the trace that the path names. The caller must have the access.
func (s *Store) findTrace(c *wire.Call, access access) (*trace, error) {
	id := c.PathValue("trace_id")
	t := s.traces[id]
	if t == nil {
		return nil, wire.NotFound("Trace with ID '%s' not found.", id)
	}
	_, err := access(c, t.experimentID)
	return t, err
}

// getTrace serves GET traces/{trace_id}.
func (s *Store) getTrace(c *wire.Call) (any, error) {
	t, err := s.findTrace(c, s.experiments.Readable)
	if err != nil {
		return nil, err
	}
	return map[string]any{"trace": map[string]any{"trace_info": t.json()}}, nil
}

// listTraces serves GET traces, the older of the two searches.
func (s *Store) listTraces(c *wire.Call) (any, error) {
	q := c.URL.Query()
	limit, err := queryLimit(q)
	if err != nil {
		return nil, err
	}
	in := search{
		ExperimentIDs: q["experiment_ids"], Filter: q.Get("filter"), MaxResults: limit, PageToken: q.Get("page_token"), order: q["order_by"],
	}
	return s.pageOfTraces(c, in, (*trace).older)
}

// searchTraces serves traces/search.
func (s *Store) searchTraces(c *wire.Call) (any, error) {
	var in struct {
		search
		Locations []traceLocation `json:"locations"`
		OrderBy   []string        `json:"order_by"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	for _, l := range in.Locations {
		in.ExperimentIDs = append(in.ExperimentIDs, l.MLflowExperiment.ExperimentID)
	}
	in.order = in.OrderBy
	return s.pageOfTraces(c, in.search, func(t *trace) any { return t.json() })
}

func (s *Store) pageOfTraces(c *wire.Call, in search, describe func(*trace) any) (any, error) {
	found, next, err := traceKind.page(s, c, in, func(i *items) []*trace { return i.traces })
	if err != nil {
		return nil, err
	}
	var out struct {
		Traces        []any  `json:"traces,omitempty"`
		NextPageToken string `json:"next_page_token,omitempty"`
	}
	for _, t := range found {
		out.Traces = append(out.Traces, describe(t))
	}
	out.NextPageToken = next
	return out, nil
}

// Satisfies implements [paging.Object].
func (t *trace) Satisfies(c filter.Condition) bool {
	if c.Field == filter.StartTime {
		return c.MatchesNumber(float64(t.started))
	}
	text, ok := t.text(c.Field, c.Key)
	return ok && c.MatchesText(text)
}

// Value implements [paging.Object].
func (t *trace) Value(o filter.Ordering) paging.Value {
	if o.Field == filter.StartTime {
		return paging.Number(float64(t.started), true)
	}
	return paging.Text(t.text(o.Field, o.Key))
}

// text returns the value of a field that is a text, and whether the trace has it.
func (t *trace) text(field, key string) (value string, ok bool) {
	switch field {
	case filter.Tag:
		value, ok = t.tags[key]
	case filter.Metadata:
		value, ok = t.metadata[key]
	case filter.Name:
		value, ok = t.tags["mlflow.traceName"]
	case filter.RunID:
		value, ok = t.metadata["mlflow.sourceRun"]
	case filter.Status:
		return t.state(), true
	default:
		return t.id, true
	}
	return value, ok
}

// deleteTraces serves delete-traces: those of some IDs, or those that are not newer than a time, oldest first. It ignores unknown IDs.
func (s *Store) deleteTraces(c *wire.Call) (any, error) {
	var in struct {
		ExperimentID string      `json:"experiment_id"`
		RequestIDs   []string    `json:"request_ids"`
		Until        *wire.Int64 `json:"max_timestamp_millis"`
		MaxTraces    *wire.Int64 `json:"max_traces"`
	}
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	e, err := s.experiments.Editable(c, in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if (in.Until == nil) == (len(in.RequestIDs) == 0) {
		return nil, wire.InvalidParameter("Either 'max_timestamp_millis' or 'request_ids' must be specified, but not both.")
	}
	var chosen []*trace
	for _, t := range s.in(e.ID).traces {
		if slices.Contains(in.RequestIDs, t.id) || in.Until != nil && t.started <= int64(*in.Until) {
			chosen = append(chosen, t)
		}
	}
	slices.SortStableFunc(chosen, func(a, b *trace) int { return cmp.Compare(a.started, b.started) })
	if in.MaxTraces != nil {
		chosen = chosen[:min(max(int(*in.MaxTraces), 0), len(chosen))]
	}
	for _, t := range chosen {
		s.removeTrace(t)
	}
	return struct {
		Deleted int `json:"traces_deleted,omitempty"`
	}{len(chosen)}, nil
}

// setTraceTag serves PATCH traces/{trace_id}/tags.
func (s *Store) setTraceTag(c *wire.Call) (any, error) {
	var in keyValue
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	t, err := s.findTrace(c, s.experiments.Editable)
	if err != nil {
		return nil, err
	}
	if err := checkTag(in); err != nil {
		return nil, err
	}
	t.tags[in.Key] = in.Value
	return wire.Empty{}, nil
}

// deleteTraceTag serves DELETE traces/{trace_id}/tags.
func (s *Store) deleteTraceTag(c *wire.Call) (any, error) {
	var in keyValue
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	t, err := s.findTrace(c, s.experiments.Editable)
	if err != nil {
		return nil, err
	}
	if _, ok := t.tags[in.Key]; !ok {
		return nil, wire.NotFound("No trace tag with key '%s' for trace with ID '%s'", in.Key, t.id)
	}
	delete(t.tags, in.Key)
	return wire.Empty{}, nil
}
