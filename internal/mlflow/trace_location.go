package mlflow

import (
	"cmp"
	"fmt"
	"strings"
)

// TraceLocation is the location of the traces of an experiment on Databricks. It is set when the experiment is created, and cannot be
// changed.
type TraceLocation struct {
	// UnityCatalog is nil for unknown kinds of locations.
	UnityCatalog *TraceTables `json:"uc_trace_location,omitempty"`
}

// TraceTables are the Unity Catalog tables for traces, CATALOG.SCHEMA.PREFIX_otel_…. Names are case-insensitive.
// API: trace_location.uc_trace_location of experiments/create and of each experiment that has one.
type TraceTables struct {
	Catalog string `json:"catalog"`
	Schema  string `json:"schema"`
	// TablePrefix is the configured prefix, "" if there is none. It consists of at most 238 letters, digits, and underscores.
	TablePrefix string `json:"table_prefix,omitempty"`
	// EffectiveTablePrefix is the prefix in use: TablePrefix, or one that the server derived. Only the server sets it.
	EffectiveTablePrefix string `json:"effective_table_prefix,omitempty"`
}

// Includes reports whether the tables have a catalog, a schema, and, unless it is empty, a prefix.
func (t TraceTables) Includes(catalog, schema, prefix string) bool {
	return strings.EqualFold(t.Catalog, catalog) && strings.EqualFold(t.Schema, schema) &&
		(prefix == "" || strings.EqualFold(t.prefix(), prefix))
}

// prefix returns the table prefix in use, "" if the server did not return it.
func (t TraceTables) prefix() string { return cmp.Or(t.EffectiveTablePrefix, t.TablePrefix) }

// String describes the tables in messages.
func (t TraceTables) String() string {
	return fmt.Sprintf("%s.%s.%s_otel_*", t.Catalog, t.Schema, cmp.Or(t.prefix(), "PREFIX"))
}

// TraceTables returns the tables for the traces of an experiment, nil if it has none.
func (e Experiment) TraceTables() *TraceTables {
	if e.TraceLocation == nil {
		return nil
	}
	return e.TraceLocation.UnityCatalog
}

// hasTraceLocation reports whether an experiment has the trace location that was sent, without a prefix if none was sent.
func hasTraceLocation(e Experiment, sent *TraceLocation) bool {
	if sent == nil || sent.UnityCatalog == nil {
		return true
	}
	want, bound := sent.UnityCatalog, e.TraceTables()
	return bound != nil && bound.Includes(want.Catalog, want.Schema, want.TablePrefix) && (want.TablePrefix != "" || bound.TablePrefix == "")
}
