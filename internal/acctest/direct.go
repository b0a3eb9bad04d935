package acctest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Direct speaks the plugin protocol without a CLI. A test then sees the warnings and the requests of a single operation.
type Direct struct {
	T       *testing.T
	Server  tfprotov6.ProviderServer
	Schemas *tfprotov6.GetProviderSchemaResponse
}

// NewDirect returns a provider process that is configured with these settings.
func NewDirect(t *testing.T, config map[string]any) *Direct {
	t.Helper()
	server, err := Factories()["mlflow"]()
	if err != nil {
		t.Fatal(err)
	}
	d := &Direct{T: t, Server: server}
	if d.Schemas, err = server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	resp, err := server.ConfigureProvider(
		context.Background(),
		&tfprotov6.ConfigureProviderRequest{Config: d.Encode(d.Schemas.Provider, config)},
	)
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("configure: %v, %s", err, DescribeDiagnostics(resp.Diagnostics))
	}
	return d
}

// Move moves the state of another resource type to a type of this provider, and refreshes it, as the CLI does.
func (d *Direct) Move(kind, source, address string, state map[string]any) (moved map[string]any, says string) {
	d.T.Helper()
	raw, err := json.Marshal(state)
	d.Check(err)
	resp, err := d.Server.MoveResourceState(context.Background(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: source, SourceState: &tfprotov6.RawState{JSON: raw}, TargetTypeName: kind,
	})
	d.Check(err)
	if len(resp.Diagnostics) > 0 {
		return nil, DescribeDiagnostics(resp.Diagnostics)
	}
	read, err := d.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: kind, CurrentState: resp.TargetState, Private: resp.TargetPrivate,
	})
	d.Check(err)
	return d.Decode(d.Schemas.ResourceSchemas[kind], read.NewState), DescribeDiagnostics(read.Diagnostics)
}

// Lister returns the server as a server of list resources.
func (d *Direct) Lister() tfprotov6.ListResourceServer {
	d.T.Helper()
	lister, ok := d.Server.(tfprotov6.ListResourceServer)
	if !ok {
		d.T.Fatal("the server has no list resources")
	}
	return lister
}

// List lists the resources of a type.
func (d *Direct) List(kind string, config map[string]any, limit int64, full bool) []ListedResource {
	d.T.Helper()
	stream, err := d.Lister().ListResource(context.Background(), &tfprotov6.ListResourceRequest{
		TypeName: kind, Config: d.Encode(d.Schemas.ListResourceSchemas[kind], config), Limit: limit, IncludeResource: full,
	})
	d.Check(err)
	var all []ListedResource
	for result := range stream.Results {
		one := ListedResource{Name: result.DisplayName, Diagnostics: DescribeDiagnostics(result.Diagnostics), Identity: result.Identity != nil}
		if result.Resource != nil {
			one.Resource = d.Decode(d.Schemas.ResourceSchemas[kind], result.Resource)
		}
		all = append(all, one)
	}
	return all
}

// Plan validates and plans the creation of a resource, and returns the diagnostics as text.
func (d *Direct) Plan(kind string, config map[string]any) string {
	d.T.Helper()
	schema := d.Schemas.ResourceSchemas[kind]
	validated, err := d.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: kind, Config: d.Encode(schema, config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	d.Check(err)
	if len(validated.Diagnostics) > 0 {
		return DescribeDiagnostics(validated.Diagnostics)
	}
	planned, err := d.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.Encode(schema, nil), Config: d.Encode(schema, config), ProposedNewState: d.Encode(schema, config),
	})
	d.Check(err)
	return DescribeDiagnostics(planned.Diagnostics)
}

// Apply creates (prior is nil), updates, or deletes (planned is nil) a resource. It returns the new state and the diagnostics as text.
func (d *Direct) Apply(kind string, prior, planned map[string]any) (map[string]any, string) {
	d.T.Helper()
	schema := d.Schemas.ResourceSchemas[kind]
	resp, err := d.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: d.Encode(schema, prior), PlannedState: d.Encode(schema, planned), Config: d.Encode(schema, planned),
	})
	d.Check(err)
	return d.Decode(schema, resp.NewState), DescribeDiagnostics(resp.Diagnostics)
}

// Read refreshes a resource.
func (d *Direct) Read(kind string, state map[string]any) (map[string]any, string) {
	d.T.Helper()
	schema := d.Schemas.ResourceSchemas[kind]
	resp, err := d.Server.ReadResource(
		context.Background(),
		&tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: d.Encode(schema, state)},
	)
	d.Check(err)
	return d.Decode(schema, resp.NewState), DescribeDiagnostics(resp.Diagnostics)
}

// ImportState imports a resource by ID and returns its state before the read that follows.
func (d *Direct) ImportState(kind, id string) (map[string]any, string) {
	d.T.Helper()
	resp, err := d.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	d.Check(err)
	if len(resp.ImportedResources) == 0 {
		return nil, DescribeDiagnostics(resp.Diagnostics)
	}
	return d.Decode(d.Schemas.ResourceSchemas[kind], resp.ImportedResources[0].State), DescribeDiagnostics(resp.Diagnostics)
}

// Data validates and reads a data source.
func (d *Direct) Data(kind string, config map[string]any) (map[string]any, string) {
	d.T.Helper()
	schema := d.Schemas.DataSourceSchemas[kind]
	validated, err := d.Server.ValidateDataResourceConfig(context.Background(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: kind, Config: d.Encode(schema, config),
	})
	d.Check(err)
	if len(validated.Diagnostics) > 0 {
		return nil, DescribeDiagnostics(validated.Diagnostics)
	}
	resp, err := d.Server.ReadDataSource(
		context.Background(),
		&tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: d.Encode(schema, config)},
	)
	d.Check(err)
	return d.Decode(schema, resp.State), DescribeDiagnostics(resp.Diagnostics)
}

// Check fails the test on an error of the protocol.
func (d *Direct) Check(err error) {
	d.T.Helper()
	if err != nil {
		d.T.Fatal(err)
	}
}

// Encode returns an object of the schema's type. Missing attributes are null, and without values the object is null.
func (d *Direct) Encode(schema *tfprotov6.Schema, values map[string]any) *tfprotov6.DynamicValue {
	d.T.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		d.T.Fatalf("type of the schema is %T, want an object", schema.ValueType())
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
	d.Check(err)
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
	case map[string]any: // values can be missing
		elements := map[string]tftypes.Value{}
		if object, ok := typ.(tftypes.Object); ok {
			for name, member := range object.AttributeTypes {
				elements[name] = tftypes.NewValue(member, v[name])
			}
			return tftypes.NewValue(typ, elements)
		}
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

// Decode returns an object as maps, slices, and strings, nil if it is null.
func (d *Direct) Decode(schema *tfprotov6.Schema, dynamic *tfprotov6.DynamicValue) map[string]any {
	d.T.Helper()
	if dynamic == nil {
		return nil
	}
	value, err := dynamic.Unmarshal(schema.ValueType())
	d.Check(err)
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

// DescribeDiagnostics returns diagnostics as text, one per line: "error at ATTRIBUTE: SUMMARY: DETAIL".
func DescribeDiagnostics(diagnostics []*tfprotov6.Diagnostic) string {
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

// Change plans another configuration for a resource in the state.
func (d *Direct) Change(kind string, state, config map[string]any) (planned map[string]any, replaces bool, says string) {
	d.T.Helper()
	schema := d.Schemas.ResourceSchemas[kind]
	proposed := map[string]any{}
	for _, a := range schema.Block.Attributes {
		proposed[a.Name] = config[a.Name]
		if a.Computed && config[a.Name] == nil {
			proposed[a.Name] = state[a.Name]
		}
	}
	resp, err := d.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.Encode(schema, state), Config: d.Encode(schema, config), ProposedNewState: d.Encode(schema, proposed),
	})
	d.Check(err)
	return d.Decode(schema, resp.PlannedState), len(resp.RequiresReplace) > 0, DescribeDiagnostics(resp.Diagnostics)
}

// Create plans and applies a new resource. It returns the state and the diagnostics of both as text.
func (d *Direct) Create(kind string, config map[string]any) (state map[string]any, says string) {
	d.T.Helper()
	schema := d.Schemas.ResourceSchemas[kind]
	plan, err := d.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: d.Encode(schema, nil), Config: d.Encode(schema, config), ProposedNewState: d.Encode(schema, config),
	})
	d.Check(err)
	if strings.Contains(DescribeDiagnostics(plan.Diagnostics), "error") {
		return nil, DescribeDiagnostics(plan.Diagnostics)
	}
	resp, err := d.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: d.Encode(schema, nil), PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate,
		Config: d.Encode(schema, config),
	})
	d.Check(err)
	return d.Decode(schema, resp.NewState), strings.TrimSpace(DescribeDiagnostics(plan.Diagnostics) + DescribeDiagnostics(resp.Diagnostics))
}

// ReadImported imports a resource by its ID and reads it, as the CLI does.
func (d *Direct) ReadImported(kind, id string) string {
	d.T.Helper()
	imported, err := d.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	d.Check(err)
	resource := imported.ImportedResources[0]
	resp, err := d.Server.ReadResource(
		context.Background(),
		&tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: resource.State, Private: resource.Private},
	)
	d.Check(err)
	return DescribeDiagnostics(resp.Diagnostics)
}

// Review reads mlflow_permission_review. It returns the state, its grants, and the diagnostics as text.
func (d *Direct) Review(config map[string]any) (state map[string]any, grants []ReviewedGrant, says string) {
	d.T.Helper()
	state, says = d.Data("mlflow_permission_review", config)
	for _, g := range ObjectsOf(state["grants"]) {
		how := "direct"
		if IsTrue(g["inherited"]) {
			how = "inherited"
		}
		from, _ := g["inherited_from_path"].(string)
		grants = append(
			grants,
			ReviewedGrant{fmt.Sprintf("%s %s %s %s %s", g["experiment_name"], g["kind"], g["principal"], g["level"], how), from},
		)
	}
	return state, grants, says
}
