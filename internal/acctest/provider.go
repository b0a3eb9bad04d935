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

// Provider is a configured provider process. Its methods use the plugin protocol as the CLI does, so a test sees the warnings and the
// requests of a single operation.
type Provider struct {
	T       *testing.T
	Server  tfprotov6.ProviderServer
	Schemas *tfprotov6.GetProviderSchemaResponse
	// Restart starts another process with the same configuration, because each command of the CLI has its own.
	Restart func() *Provider
}

// NewProvider starts a provider process that is configured with these arguments of the provider block.
func NewProvider(t *testing.T, config map[string]any) *Provider {
	t.Helper()
	server, err := Factories()["mlflow"]()
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{T: t, Server: server, Restart: func() *Provider { return NewProvider(t, config) }}
	if p.Schemas, err = server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	resp, err := server.ConfigureProvider(
		context.Background(),
		&tfprotov6.ConfigureProviderRequest{Config: p.Encode(p.Schemas.Provider, config)},
	)
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("configure: got error %v and diagnostics %q, want none", err, DescribeDiagnostics(resp.Diagnostics))
	}
	return p
}

// Move moves the state of a resource of another provider to a resource type of this one, and refreshes it, as the CLI does for a moved
// block.
func (p *Provider) Move(typeName, sourceType, sourceProvider string, state map[string]any) (moved map[string]any, diagnostics string) {
	p.T.Helper()
	raw, err := json.Marshal(state)
	p.Check(err)
	resp, err := p.Server.MoveResourceState(context.Background(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: sourceProvider, SourceTypeName: sourceType, SourceState: &tfprotov6.RawState{JSON: raw}, TargetTypeName: typeName,
	})
	p.Check(err)
	if len(resp.Diagnostics) > 0 {
		return nil, DescribeDiagnostics(resp.Diagnostics)
	}
	read, err := p.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: typeName, CurrentState: resp.TargetState, Private: resp.TargetPrivate,
	})
	p.Check(err)
	return p.Decode(p.Schemas.ResourceSchemas[typeName], read.NewState), DescribeDiagnostics(read.Diagnostics)
}

// ListResourceServer returns the server of list resources, which are a separate interface of terraform-plugin-go.
func (p *Provider) ListResourceServer() tfprotov6.ListResourceServer {
	p.T.Helper()
	server, ok := p.Server.(tfprotov6.ListResourceServer)
	if !ok {
		p.T.Fatal("provider server has no list resources")
	}
	return server
}

// ListedResource is a result of a list resource.
type ListedResource struct {
	Name, Diagnostics string
	Identity          bool // whether the result has an identity
	Resource          map[string]any
}

// ListResources lists the resources of a type, with their attributes if withResource is set.
func (p *Provider) ListResources(typeName string, config map[string]any, limit int64, withResource bool) []ListedResource {
	p.T.Helper()
	stream, err := p.ListResourceServer().ListResource(context.Background(), &tfprotov6.ListResourceRequest{
		TypeName: typeName, Config: p.Encode(p.Schemas.ListResourceSchemas[typeName], config), Limit: limit, IncludeResource: withResource,
	})
	p.Check(err)
	var all []ListedResource
	for result := range stream.Results {
		one := ListedResource{Name: result.DisplayName, Diagnostics: DescribeDiagnostics(result.Diagnostics), Identity: result.Identity != nil}
		if result.Resource != nil {
			one.Resource = p.Decode(p.Schemas.ResourceSchemas[typeName], result.Resource)
		}
		all = append(all, one)
	}
	return all
}

// Plan validates and plans the creation of a resource, and returns the described diagnostics.
func (p *Provider) Plan(typeName string, config map[string]any) string {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[typeName]
	validated, err := p.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: typeName, Config: p.Encode(schema, config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	p.Check(err)
	if len(validated.Diagnostics) > 0 {
		return DescribeDiagnostics(validated.Diagnostics)
	}
	planned, err := p.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, PriorState: p.Encode(schema, nil), Config: p.Encode(schema, config), ProposedNewState: p.Encode(schema, config),
	})
	p.Check(err)
	return DescribeDiagnostics(planned.Diagnostics)
}

// Apply creates (prior is nil), updates, or deletes (planned is nil) a resource. It returns
// the new state and the described diagnostics.
func (p *Provider) Apply(typeName string, prior, planned map[string]any) (map[string]any, string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[typeName]
	resp, err := p.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: typeName, PriorState: p.Encode(schema, prior), PlannedState: p.Encode(schema, planned), Config: p.Encode(schema, planned),
	})
	p.Check(err)
	return p.Decode(schema, resp.NewState), DescribeDiagnostics(resp.Diagnostics)
}

// Read refreshes a resource. It returns the new state and the described diagnostics.
func (p *Provider) Read(typeName string, state map[string]any) (map[string]any, string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[typeName]
	resp, err := p.Server.ReadResource(
		context.Background(),
		&tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: p.Encode(schema, state)},
	)
	p.Check(err)
	return p.Decode(schema, resp.NewState), DescribeDiagnostics(resp.Diagnostics)
}

// ImportState imports a resource by ID and returns its state before the read that follows.
func (p *Provider) ImportState(typeName, id string) (map[string]any, string) {
	p.T.Helper()
	resp, err := p.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id})
	p.Check(err)
	if len(resp.ImportedResources) == 0 {
		return nil, DescribeDiagnostics(resp.Diagnostics)
	}
	return p.Decode(p.Schemas.ResourceSchemas[typeName], resp.ImportedResources[0].State), DescribeDiagnostics(resp.Diagnostics)
}

// ReadDataSource validates and reads a data source. It returns the state and the described diagnostics.
func (p *Provider) ReadDataSource(typeName string, config map[string]any) (map[string]any, string) {
	p.T.Helper()
	schema := p.Schemas.DataSourceSchemas[typeName]
	validated, err := p.Server.ValidateDataResourceConfig(context.Background(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: typeName, Config: p.Encode(schema, config),
	})
	p.Check(err)
	if len(validated.Diagnostics) > 0 {
		return nil, DescribeDiagnostics(validated.Diagnostics)
	}
	resp, err := p.Server.ReadDataSource(
		context.Background(),
		&tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: p.Encode(schema, config)},
	)
	p.Check(err)
	return p.Decode(schema, resp.State), DescribeDiagnostics(resp.Diagnostics)
}

// Check fails the test on an error of the protocol.
func (p *Provider) Check(err error) {
	p.T.Helper()
	if err != nil {
		p.T.Fatal(err)
	}
}

// Encode returns an object of the schema's type. Missing attributes are null, and without values the object is null.
func (p *Provider) Encode(schema *tfprotov6.Schema, values map[string]any) *tfprotov6.DynamicValue {
	p.T.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		p.T.Fatalf("got a schema of type %T, want an object", schema.ValueType())
	}
	value := tftypes.NewValue(object, nil)
	if values != nil {
		attributes := map[string]tftypes.Value{}
		for name, typ := range object.AttributeTypes {
			attributes[name] = encode(typ, values[name])
		}
		value = tftypes.NewValue(object, attributes)
	}
	dynamic, err := tfprotov6.NewDynamicValue(object, value)
	p.Check(err)
	return &dynamic
}

func encode(typ tftypes.Type, value any) tftypes.Value {
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
func (p *Provider) Decode(schema *tfprotov6.Schema, dynamic *tfprotov6.DynamicValue) map[string]any {
	p.T.Helper()
	if dynamic == nil {
		return nil
	}
	value, err := dynamic.Unmarshal(schema.ValueType())
	p.Check(err)
	object, _ := decode(value).(map[string]any)
	return object
}

func decode(value tftypes.Value) any {
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
			m[key] = decode(v)
		}
		return m
	case value.As(&elements) == nil:
		l := []any{}
		for _, v := range elements {
			l = append(l, decode(v))
		}
		return l
	default:
		return value.String()
	}
}

// PlanUpdate plans another configuration for a resource in the state. It returns the planned state, whether the plan replaces the resource,
// and the described diagnostics.
func (p *Provider) PlanUpdate(typeName string, state, config map[string]any) (planned map[string]any, replaces bool, diagnostics string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[typeName]
	proposed := map[string]any{}
	for _, a := range schema.Block.Attributes {
		proposed[a.Name] = config[a.Name]
		if a.Computed && config[a.Name] == nil {
			proposed[a.Name] = state[a.Name]
		}
	}
	resp, err := p.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, PriorState: p.Encode(schema, state), Config: p.Encode(schema, config), ProposedNewState: p.Encode(schema, proposed),
	})
	p.Check(err)
	return p.Decode(schema, resp.PlannedState), len(resp.RequiresReplace) > 0, DescribeDiagnostics(resp.Diagnostics)
}

// Create plans and applies a new resource. It returns the state and the described diagnostics of both.
func (p *Provider) Create(typeName string, config map[string]any) (state map[string]any, diagnostics string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[typeName]
	plan, err := p.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: typeName, PriorState: p.Encode(schema, nil), Config: p.Encode(schema, config), ProposedNewState: p.Encode(schema, config),
	})
	p.Check(err)
	if strings.Contains(DescribeDiagnostics(plan.Diagnostics), "error") {
		return nil, DescribeDiagnostics(plan.Diagnostics)
	}
	resp, err := p.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: typeName, PriorState: p.Encode(schema, nil), PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate,
		Config: p.Encode(schema, config),
	})
	p.Check(err)
	return p.Decode(schema, resp.NewState), strings.TrimSpace(DescribeDiagnostics(plan.Diagnostics) + DescribeDiagnostics(resp.Diagnostics))
}

// ImportAndRead imports a resource by its ID and reads it, as the CLI does. It returns the described diagnostics of the read.
func (p *Provider) ImportAndRead(typeName, id string) string {
	p.T.Helper()
	imported, err := p.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id})
	p.Check(err)
	resource := imported.ImportedResources[0]
	resp, err := p.Server.ReadResource(
		context.Background(),
		&tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: resource.State, Private: resource.Private},
	)
	p.Check(err)
	return DescribeDiagnostics(resp.Diagnostics)
}

// Review reads mlflow_permission_review. It returns the state, its grants, and the described diagnostics.
func (p *Provider) Review(config map[string]any) (state map[string]any, grants []ReviewedGrant, diagnostics string) {
	p.T.Helper()
	state, diagnostics = p.ReadDataSource("mlflow_permission_review", config)
	for _, g := range ObjectsOf(state["grants"]) {
		origin := "direct"
		if IsTrue(g["inherited"]) {
			origin = "inherited"
		}
		from, _ := g["inherited_from_path"].(string)
		grants = append(
			grants,
			ReviewedGrant{fmt.Sprintf("%s %s %s %s %s", g["experiment_name"], g["kind"], g["principal"], g["level"], origin), from},
		)
	}
	return state, grants, diagnostics
}
