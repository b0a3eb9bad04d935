package experiment

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

const attributeTraceLocation = "trace_location"

// traceLocation is a trace_location that is neither null nor unknown as a whole.
type traceLocation struct {
	Catalog              types.String
	Schema               types.String
	TablePrefix          types.String
	EffectiveTablePrefix types.String
}

var traceLocationTypes = map[string]attr.Type{
	"catalog": types.StringType, "schema": types.StringType, "table_prefix": types.StringType, "effective_table_prefix": types.StringType,
}

// unityName matches a name in Unity Catalog, and tablePrefix the prefix of a table name.
var (
	unityName   = regexp.MustCompile(`^[^./\s\x00-\x1f\x7f]{1,255}$`)
	tablePrefix = regexp.MustCompile(`^[A-Za-z0-9_]{1,238}$`)
)

func traceLocationAttribute() schema.Attribute {
	name := []validator.String{stringvalidator.RegexMatches(unityName,
		"must be one name in Unity Catalog: at most 255 characters, without periods, slashes, and spaces")}
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Unity Catalog tables for the traces of the experiment, which Databricks binds when it creates the experiment. " +
			"Changing them **forces replacement, which deletes the experiment and its runs** if `deletion_policy` allows that; adding " +
			"`trace_location` to an experiment without a location fails during plan. Not supported on an MLflow server. By default, no location " +
			"is bound, and one that was bound outside Terraform is exported. See [Trace location](#trace-location).",
		Attributes: map[string]schema.Attribute{
			"catalog": schema.StringAttribute{
				Required: true, Validators: name,
				MarkdownDescription: "Name of an existing catalog. Case-insensitive.",
			},
			"schema": schema.StringAttribute{
				Required: true, Validators: name,
				MarkdownDescription: "Name of an existing schema in the catalog. Case-insensitive.",
			},
			"table_prefix": schema.StringAttribute{
				Optional: true, Computed: true,
				Validators: []validator.String{stringvalidator.RegexMatches(tablePrefix,
					"must be at most 238 letters, digits, and underscores. To let the server choose a prefix, omit it")},
				MarkdownDescription: "Prefix of the table names, for example `PREFIX_otel_spans`. At most 238 letters, digits, and underscores. " +
					"Case-insensitive. Defaults to null: the server derives a prefix from the experiment ID.",
			},
			"effective_table_prefix": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Prefix in use: `table_prefix`, or the prefix that the server derived. Null if the server does not return one.",
			},
		},
	}
}

// knownTraceLocation converts trace_location. ok is false if it is null or unknown as a whole.
func knownTraceLocation(o types.Object) (t traceLocation, ok bool) {
	if o.IsNull() || o.IsUnknown() {
		return t, false
	}
	member := func(name string) types.String {
		s, _ := o.Attributes()[name].(types.String)
		return s
	}
	return traceLocation{member("catalog"), member("schema"), member("table_prefix"), member("effective_table_prefix")}, true
}

func (t traceLocation) object() types.Object {
	return types.ObjectValueMust(traceLocationTypes, map[string]attr.Value{
		"catalog": t.Catalog, "schema": t.Schema, "table_prefix": t.TablePrefix, "effective_table_prefix": t.EffectiveTablePrefix,
	})
}

// tables returns the tables of a state or a configuration. Unknown members are empty.
func (t traceLocation) tables() mlflow.TraceTables {
	return mlflow.TraceTables{
		Catalog: t.Catalog.ValueString(), Schema: t.Schema.ValueString(), TablePrefix: t.TablePrefix.ValueString(),
		EffectiveTablePrefix: t.EffectiveTablePrefix.ValueString(),
	}
}

// configuration returns the location in the syntax of a configuration.
func (t traceLocation) configuration() string {
	prefix := ""
	if t.TablePrefix.ValueString() != "" {
		prefix = fmt.Sprintf(", table_prefix = %q", t.TablePrefix.ValueString())
	}
	return fmt.Sprintf("{ catalog = %q, schema = %q%s }", t.Catalog.ValueString(), t.Schema.ValueString(), prefix)
}

// isBoundTo reports whether the bound tables are the configured ones. Unknown members match any table.
func (t traceLocation) isBoundTo(bound mlflow.TraceTables) bool {
	catalog, schema := t.Catalog.ValueString(), t.Schema.ValueString()
	if t.Catalog.IsUnknown() {
		catalog = bound.Catalog
	}
	if t.Schema.IsUnknown() {
		schema = bound.Schema
	}
	return bound.Includes(catalog, schema, t.TablePrefix.ValueString())
}

// newTraceLocation converts the tables that a server returned, to null if none are bound.
func newTraceLocation(bound *mlflow.TraceTables) types.Object {
	if bound == nil {
		return types.ObjectNull(traceLocationTypes)
	}
	return traceLocation{
		types.StringValue(bound.Catalog), types.StringValue(bound.Schema),
		framework.OrNull(bound.TablePrefix), framework.OrNull(bound.EffectiveTablePrefix),
	}.object()
}

// refreshTraceLocation updates trace_location of a state from the server. It keeps an equivalent spelling.
func refreshTraceLocation(state types.Object, bound *mlflow.TraceTables) types.Object {
	known, ok := knownTraceLocation(state)
	if !ok || bound == nil || !known.isBoundTo(*bound) {
		return newTraceLocation(bound)
	}
	tables := *bound
	tables.Catalog, tables.Schema = known.Catalog.ValueString(), known.Schema.ValueString()
	if prefix := known.TablePrefix.ValueString(); prefix != "" {
		tables.TablePrefix = prefix
	}
	return newTraceLocation(&tables)
}

// resolveTraceLocation sets the unknown members of a planned trace_location to those that the server returned, null if it returned none.
func resolveTraceLocation(planned types.Object, bound *mlflow.TraceTables) types.Object {
	t, ok := knownTraceLocation(planned)
	switch {
	case planned.IsUnknown():
		return newTraceLocation(bound)
	case !ok:
		return newTraceLocation(nil)
	case bound == nil:
		bound = &mlflow.TraceTables{}
	}
	if t.TablePrefix.IsUnknown() {
		t.TablePrefix = framework.OrNull(bound.TablePrefix)
	}
	if t.EffectiveTablePrefix.IsUnknown() {
		t.EffectiveTablePrefix = framework.OrNull(bound.EffectiveTablePrefix)
	}
	return t.object()
}

// mayFindTraces reports whether a create may adopt or restore an experiment, which may be bound to a trace location.
func (m *experimentModel) mayFindTraces(client *mlflow.Client) bool {
	adopts := m.AdoptExisting.IsUnknown() || m.AdoptExisting.ValueBool()
	restores := m.IfDeleted.IsUnknown() || m.IfDeleted.ValueString() == ifDeletedRestore
	return (adopts || restores) && (client == nil || client.CheckTraceLocation() == nil)
}

// planTraceLocation plans trace_location. It keeps the state if no location is declared, or an equivalent one. mayFind reports whether
// there is no state, but the create may adopt an experiment with a location.
func planTraceLocation(config, state types.Object, mayFind bool) types.Object {
	declared, ok := knownTraceLocation(config)
	bound, isBound := knownTraceLocation(state)
	switch {
	case config.IsUnknown():
		return config
	case !ok && mayFind:
		return types.ObjectUnknown(traceLocationTypes)
	case !ok && isBound:
		return state
	case !ok:
		return newTraceLocation(nil)
	}
	same := isBound && declared.isBoundTo(bound.tables())
	declared.EffectiveTablePrefix = types.StringUnknown()
	if same {
		declared.keepSpelling(bound)
	} else if declared.TablePrefix.IsNull() {
		declared.TablePrefix = types.StringUnknown()
	}
	return declared.object()
}

// keepSpelling keeps the spelling of an equivalent bound location in all members that are not unknown.
func (t *traceLocation) keepSpelling(bound traceLocation) {
	hasUnknown := t.Catalog.IsUnknown() || t.Schema.IsUnknown() || t.TablePrefix.IsUnknown()
	if !t.Catalog.IsUnknown() {
		t.Catalog = bound.Catalog
	}
	if !t.Schema.IsUnknown() {
		t.Schema = bound.Schema
	}
	if t.TablePrefix.IsNull() || !t.TablePrefix.IsUnknown() && !bound.TablePrefix.IsNull() {
		t.TablePrefix = bound.TablePrefix
	}
	if !hasUnknown {
		t.EffectiveTablePrefix = bound.EffectiveTablePrefix
	}
}

// wantedTraceLocation returns the declared location for the create request, nil if none is declared.
func (m *experimentModel) wantedTraceLocation() *mlflow.TraceLocation {
	t, ok := knownTraceLocation(m.TraceLocation)
	if !ok {
		return nil
	}
	tables := t.tables()
	tables.EffectiveTablePrefix = "" // only the server sets it
	return &mlflow.TraceLocation{UnityCatalog: &tables}
}

// checkTraceLocation rejects a trace location on a server that does not support it.
func checkTraceLocation(config types.Object, client *mlflow.Client) diag.Diagnostics {
	var diags diag.Diagnostics
	if err := client.CheckTraceLocation(); err != nil && !config.IsNull() && !config.IsUnknown() {
		diags.AddAttributeError(path.Root(attributeTraceLocation), "Trace location is not supported", framework.UpperFirst(err.Error())+".")
	}
	return diags
}

// checkBinding rejects a trace location for an experiment that has none: Databricks binds one only when it creates an experiment.
func checkBinding(plan, state experimentModel, diags *diag.Diagnostics) {
	if declared, ok := knownTraceLocation(plan.TraceLocation); ok && state.TraceLocation.IsNull() {
		diags.AddAttributeError(path.Root(attributeTraceLocation), "Could not bind trace location", fmt.Sprintf("%s exists and has no trace "+
			"location. Databricks binds one only when it creates an experiment, so %s cannot be bound now. Nothing was changed.\n\nTo keep this "+
			"experiment, remove trace_location from the configuration. To store new traces in Unity Catalog, declare a second mlflow_experiment "+
			"with another name and this trace_location. If you bind this experiment outside Terraform, for example with the MLflow SDK for "+
			"Python, the next refresh reads the location, and you can declare it here.",
			framework.UpperFirst(state.object()), declared.tables()))
	}
}

// hasDeclaredTraces reports whether an experiment is bound to the trace location of the plan, if that declares one.
func (c creator) hasDeclaredTraces(e mlflow.Experiment) bool {
	declared, ok := knownTraceLocation(c.plan.TraceLocation)
	bound := e.TraceTables()
	return !ok || bound != nil && declared.isBoundTo(*bound)
}

// addTraceLocationError reports that an experiment to adopt or restore is bound to another trace location than declared, or to none.
func (c creator) addTraceLocationError(e mlflow.Experiment) {
	stores := "has no trace location"
	if bound := e.TraceTables(); bound != nil {
		stores = fmt.Sprintf("stores its traces in %s", bound)
	}
	declared, _ := knownTraceLocation(c.plan.TraceLocation)
	c.diags.AddAttributeError(path.Root(attributeTraceLocation), adoptErrorSummary(e), fmt.Sprintf("%s %s, which cannot be changed, but %s "+
		"is declared. Nothing was changed.\n\nDeclare the trace location of the experiment, remove trace_location from the configuration, or "+
		"choose another name.",
		framework.UpperFirst(framework.DescribeExperiment(e.ID, e.Name)), stores, declared.tables()))
}

// traceLocationAdvice returns what to do if the server rejected an experiment because of its trace location; nil for other errors. about
// reports whether the error mentions the location.
func (c creator) traceLocationAdvice(err error) (advice []string, about bool) {
	declared, ok := knownTraceLocation(c.plan.TraceLocation)
	if !ok {
		return nil, false
	}
	text := strings.ToLower(err.Error())
	for _, word := range []string{
		attributeTraceLocation, "table_prefix", "unity catalog", "catalog '", "schema '",
		strings.ToLower(declared.Catalog.ValueString() + "." + declared.Schema.ValueString()),
	} {
		about = about || strings.Contains(text, word)
	}
	if !about && !rest.IsPermissionDenied(err) && !rest.IsInvalid(err) && !rest.IsNotFound(err) {
		return nil, false
	}
	return []string{fmt.Sprintf("With trace_location, Databricks also creates the tables %s. Check that the catalog and the schema exist, "+
		"that the identity that runs Terraform has USE CATALOG, USE SCHEMA, and CREATE TABLE there, and that the workspace supports traces in "+
		"Unity Catalog.", declared.tables())}, about
}

// warnUnbound warns that the server created the experiment without the declared trace location.
func warnUnbound(plan experimentModel, e mlflow.Experiment, diags *diag.Diagnostics) {
	if declared, ok := knownTraceLocation(plan.TraceLocation); ok && e.TraceTables() == nil {
		diags.AddAttributeWarning(path.Root(attributeTraceLocation), "Trace location not bound", fmt.Sprintf("%s was created, but the "+
			"server returns it without a trace location. %s was declared.\n\nCheck that the workspace supports traces in Unity Catalog. If the "+
			"next plan reports that the experiment has no trace location, remove trace_location from the configuration, or destroy the experiment "+
			"and create it again.",
			framework.UpperFirst(framework.DescribeExperiment(e.ID, plan.Name.ValueString())), declared.tables()))
	}
}
