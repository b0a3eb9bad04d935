package emulator

import (
	"regexp"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// TraceLocation is where an experiment stores its traces: the Unity Catalog tables CATALOG.SCHEMA.PREFIX_otel_….
type TraceLocation struct {
	Catalog string `json:"catalog"`
	Schema  string `json:"schema"`
	// TablePrefix is empty unless the prefix was set when the location was bound.
	TablePrefix string `json:"table_prefix,omitempty"`
	// EffectiveTablePrefix is the prefix in use. Requests that contain it are accepted, and it is ignored there.
	EffectiveTablePrefix string `json:"effective_table_prefix,omitempty"`
}

// traceLocationJSON is a trace location on the wire.
type traceLocationJSON struct {
	UnityCatalog *TraceLocation `json:"uc_trace_location"`
}

var tablePrefix = regexp.MustCompile(`^[A-Za-z0-9_]{1,238}$`)

// location returns the trace location of a create request; nil if it has none.
func (j *traceLocationJSON) location() (*TraceLocation, error) {
	switch {
	case j == nil:
		return nil, nil
	case j.UnityCatalog == nil:
		return nil, wire.MissingParameter("trace_location.uc_trace_location")
	case j.UnityCatalog.Catalog == "":
		return nil, wire.MissingParameter("trace_location.uc_trace_location.catalog")
	case j.UnityCatalog.Schema == "":
		return nil, wire.MissingParameter("trace_location.uc_trace_location.schema")
	case j.UnityCatalog.TablePrefix != "" && !tablePrefix.MatchString(j.UnityCatalog.TablePrefix):
		return nil, wire.InvalidParameter(
			"Invalid table_prefix '%s'. It may only contain letters, digits, and underscores, and at most 238 characters.",
			j.UnityCatalog.TablePrefix,
		)
	}
	return j.UnityCatalog, nil
}

// bindTraces binds an experiment to a trace location.
func (e *experiment) bindTraces(to TraceLocation) {
	to.EffectiveTablePrefix = to.TablePrefix
	if to.TablePrefix == "" {
		to.EffectiveTablePrefix = "experiment_" + e.id
	}
	e.traceLocation = &to
}

// traceLocationJSON returns the trace location of an experiment for the wire; nil if none is bound.
func (e *experiment) traceLocationJSON() *traceLocationJSON {
	if e.traceLocation == nil {
		return nil
	}
	return &traceLocationJSON{e.traceLocation}
}

// BindTraceLocation binds an experiment to a trace location, replacing a previous one. Without a prefix, the workspace derives one.
func (w *Workspace) BindTraceLocation(id, catalog, schema, prefix string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustExperiment(id).bindTraces(TraceLocation{Catalog: catalog, Schema: schema, TablePrefix: prefix})
}

// UnbindTraceLocation removes the trace location of an experiment.
func (w *Workspace) UnbindTraceLocation(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustExperiment(id).traceLocation = nil
}
