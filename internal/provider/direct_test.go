package provider_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// direct speaks the plugin protocol without a CLI: there a test sees warnings, and the calls of one operation alone.
type direct struct {
	t       *testing.T
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

func (w *workspace) direct(t *testing.T, token string) *direct {
	t.Helper()
	return newDirect(t, map[string]any{"host": w.url, "token": token, "retry_timeout_seconds": 20})
}

func newDirect(t *testing.T, config map[string]any) *direct {
	t.Helper()
	server, err := factories()["mlflow"]()
	if err != nil {
		t.Fatal(err)
	}
	d := &direct{t: t, server: server}
	if d.schemas, err = server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	resp, err := server.ConfigureProvider(context.Background(), &tfprotov6.ConfigureProviderRequest{Config: d.encode(d.schemas.Provider, config)})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("configure: %v, %s", err, told(resp.Diagnostics))
	}
	return d
}

// plan validates and plans the creation of a resource, and gives what the person is told.
func (d *direct) plan(kind string, config map[string]any) string {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	validated, err := d.server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: kind, Config: d.encode(schema, config),
	})
	d.check(err)
	if len(validated.Diagnostics) > 0 {
		return told(validated.Diagnostics)
	}
	planned, err := d.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, nil), Config: d.encode(schema, config), ProposedNewState: d.encode(schema, config),
	})
	d.check(err)
	return told(planned.Diagnostics)
}

// apply creates (prior is nil), updates or deletes (planned is nil) a resource, and gives its new state and what the person is told.
func (d *direct) apply(kind string, prior, planned map[string]any) (map[string]any, string) {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	resp, err := d.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, prior), PlannedState: d.encode(schema, planned), Config: d.encode(schema, planned),
	})
	d.check(err)
	return d.decode(schema, resp.NewState), told(resp.Diagnostics)
}

// read refreshes a resource.
func (d *direct) read(kind string, state map[string]any) (map[string]any, string) {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	resp, err := d.server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: d.encode(schema, state)})
	d.check(err)
	return d.decode(schema, resp.NewState), told(resp.Diagnostics)
}

func (d *direct) importState(kind, id string) (map[string]any, string) {
	d.t.Helper()
	resp, err := d.server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	d.check(err)
	if len(resp.ImportedResources) == 0 {
		return nil, told(resp.Diagnostics)
	}
	return d.decode(d.schemas.ResourceSchemas[kind], resp.ImportedResources[0].State), told(resp.Diagnostics)
}

// data validates and reads a data source.
func (d *direct) data(kind string, config map[string]any) (map[string]any, string) {
	d.t.Helper()
	schema := d.schemas.DataSourceSchemas[kind]
	validated, err := d.server.ValidateDataResourceConfig(context.Background(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: kind, Config: d.encode(schema, config),
	})
	d.check(err)
	if len(validated.Diagnostics) > 0 {
		return nil, told(validated.Diagnostics)
	}
	resp, err := d.server.ReadDataSource(context.Background(), &tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: d.encode(schema, config)})
	d.check(err)
	return d.decode(schema, resp.State), told(resp.Diagnostics)
}

func (d *direct) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// encode makes an object of a schema's type; what is not given is null, and so is the object without values.
func (d *direct) encode(schema *tfprotov6.Schema, values map[string]any) *tfprotov6.DynamicValue {
	d.t.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		d.t.Fatalf("a schema's type is %T", schema.ValueType())
	}
	value := tftypes.NewValue(object, nil)
	if values != nil {
		attributes := map[string]tftypes.Value{}
		for name, typ := range object.AttributeTypes {
			attributes[name] = encoded(typ, values[name])
		}
		value = tftypes.NewValue(object, attributes)
	}
	dynamic, err := tfprotov6.NewDynamicValue(object, value)
	d.check(err)
	return &dynamic
}

func encoded(typ tftypes.Type, value any) tftypes.Value {
	switch v := value.(type) {
	case map[string]string:
		elements := map[string]tftypes.Value{}
		for key, text := range v {
			elements[key] = tftypes.NewValue(tftypes.String, text)
		}
		return tftypes.NewValue(typ, elements)
	case map[string]any: // with values that are missing
		elements := map[string]tftypes.Value{}
		for key, text := range v {
			elements[key] = tftypes.NewValue(tftypes.String, text)
		}
		return tftypes.NewValue(typ, elements)
	case []string:
		var elements []tftypes.Value
		for _, text := range v {
			elements = append(elements, tftypes.NewValue(tftypes.String, text))
		}
		return tftypes.NewValue(typ, elements)
	default:
		return tftypes.NewValue(typ, value)
	}
}

// decode gives an object as maps, slices and strings; nil when there is none.
func (d *direct) decode(schema *tfprotov6.Schema, dynamic *tfprotov6.DynamicValue) map[string]any {
	d.t.Helper()
	if dynamic == nil {
		return nil
	}
	value, err := dynamic.Unmarshal(schema.ValueType())
	d.check(err)
	object, _ := decoded(value).(map[string]any)
	return object
}

func decoded(value tftypes.Value) any {
	var (
		text       string
		attributes map[string]tftypes.Value
		elements   []tftypes.Value
	)
	switch {
	case value.IsNull(), !value.IsKnown():
		return nil
	case value.As(&text) == nil:
		return text
	case value.As(&attributes) == nil:
		m := map[string]any{}
		for key, v := range attributes {
			m[key] = decoded(v)
		}
		return m
	case value.As(&elements) == nil:
		l := []any{}
		for _, v := range elements {
			l = append(l, decoded(v))
		}
		return l
	default:
		return value.String()
	}
}

// told is what a person reads of diagnostics, one a line: "error at ATTRIBUTE: SUMMARY: DETAIL".
func told(diagnostics []*tfprotov6.Diagnostic) string {
	var lines []string
	for _, d := range diagnostics {
		line := strings.ToLower(d.Severity.String())
		if d.Attribute != nil && len(d.Attribute.Steps()) > 0 {
			if name, ok := d.Attribute.Steps()[0].(tftypes.AttributeName); ok {
				line += " at " + string(name)
			}
		}
		lines = append(lines, line+": "+d.Summary+": "+d.Detail)
	}
	return strings.Join(lines, "\n")
}

// change plans another configuration for a resource that is there.
func (d *direct) change(kind string, state, config map[string]any) (planned map[string]any, replaces bool, says string) {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	proposed := map[string]any{}
	for _, a := range schema.Block.Attributes {
		proposed[a.Name] = config[a.Name]
		if a.Computed && config[a.Name] == nil {
			proposed[a.Name] = state[a.Name]
		}
	}
	resp, err := d.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, state), Config: d.encode(schema, config), ProposedNewState: d.encode(schema, proposed),
	})
	d.check(err)
	return d.decode(schema, resp.PlannedState), len(resp.RequiresReplace) > 0, told(resp.Diagnostics)
}

// create plans and applies a new resource. What the plan says is said as well.
func (d *direct) create(kind string, config map[string]any) (state map[string]any, says string) {
	d.t.Helper()
	schema := d.schemas.ResourceSchemas[kind]
	plan, err := d.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, nil), Config: d.encode(schema, config), ProposedNewState: d.encode(schema, config),
	})
	d.check(err)
	if strings.Contains(told(plan.Diagnostics), "error") {
		return nil, told(plan.Diagnostics)
	}
	resp, err := d.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: d.encode(schema, nil), PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate, Config: d.encode(schema, config),
	})
	d.check(err)
	return d.decode(schema, resp.NewState), strings.TrimSpace(told(plan.Diagnostics) + told(resp.Diagnostics))
}

// readImported imports a resource by its id and reads it, as the CLI does.
func (d *direct) readImported(kind, id string) string {
	d.t.Helper()
	imported, err := d.server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	d.check(err)
	resource := imported.ImportedResources[0]
	resp, err := d.server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: resource.State, Private: resource.Private})
	d.check(err)
	return told(resp.Diagnostics)
}
