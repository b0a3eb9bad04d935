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

// NewProvider returns a provider process that is configured with these settings.
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
		t.Fatalf("configure: %v, %s", err, DescribeDiagnostics(resp.Diagnostics))
	}
	return p
}

// Move moves the state of another resource type to a type of this provider, and refreshes it, as the CLI does.
func (p *Provider) Move(kind, source, address string, state map[string]any) (moved map[string]any, says string) {
	p.T.Helper()
	raw, err := json.Marshal(state)
	p.Check(err)
	resp, err := p.Server.MoveResourceState(context.Background(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: source, SourceState: &tfprotov6.RawState{JSON: raw}, TargetTypeName: kind,
	})
	p.Check(err)
	if len(resp.Diagnostics) > 0 {
		return nil, DescribeDiagnostics(resp.Diagnostics)
	}
	read, err := p.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: kind, CurrentState: resp.TargetState, Private: resp.TargetPrivate,
	})
	p.Check(err)
	return p.Decode(p.Schemas.ResourceSchemas[kind], read.NewState), DescribeDiagnostics(read.Diagnostics)
}

// ListResourceServer returns the server as a server of list resources.
func (p *Provider) ListResourceServer() tfprotov6.ListResourceServer {
	p.T.Helper()
	lister, ok := p.Server.(tfprotov6.ListResourceServer)
	if !ok {
		p.T.Fatal("the server has no list resources")
	}
	return lister
}

// ListedResource is a result of a list resource.
type ListedResource struct {
	Name, Diagnostics string
	Identity          bool // whether the result has an identity
	Resource          map[string]any
}

// ListResources lists the resources of a type.
func (p *Provider) ListResources(kind string, config map[string]any, limit int64, full bool) []ListedResource {
	p.T.Helper()
	stream, err := p.ListResourceServer().ListResource(context.Background(), &tfprotov6.ListResourceRequest{
		TypeName: kind, Config: p.Encode(p.Schemas.ListResourceSchemas[kind], config), Limit: limit, IncludeResource: full,
	})
	p.Check(err)
	var all []ListedResource
	for result := range stream.Results {
		one := ListedResource{Name: result.DisplayName, Diagnostics: DescribeDiagnostics(result.Diagnostics), Identity: result.Identity != nil}
		if result.Resource != nil {
			one.Resource = p.Decode(p.Schemas.ResourceSchemas[kind], result.Resource)
		}
		all = append(all, one)
	}
	return all
}

// Plan validates and plans the creation of a resource, and returns the diagnostics as text.
func (p *Provider) Plan(kind string, config map[string]any) string {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[kind]
	validated, err := p.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: kind, Config: p.Encode(schema, config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	p.Check(err)
	if len(validated.Diagnostics) > 0 {
		return DescribeDiagnostics(validated.Diagnostics)
	}
	planned, err := p.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: p.Encode(schema, nil), Config: p.Encode(schema, config), ProposedNewState: p.Encode(schema, config),
	})
	p.Check(err)
	return DescribeDiagnostics(planned.Diagnostics)
}

// Apply creates (prior is nil), updates, or deletes (planned is nil) a resource. It returns the new state and the diagnostics as text.
func (p *Provider) Apply(kind string, prior, planned map[string]any) (map[string]any, string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[kind]
	resp, err := p.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: p.Encode(schema, prior), PlannedState: p.Encode(schema, planned), Config: p.Encode(schema, planned),
	})
	p.Check(err)
	return p.Decode(schema, resp.NewState), DescribeDiagnostics(resp.Diagnostics)
}

// Read refreshes a resource.
func (p *Provider) Read(kind string, state map[string]any) (map[string]any, string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[kind]
	resp, err := p.Server.ReadResource(
		context.Background(),
		&tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: p.Encode(schema, state)},
	)
	p.Check(err)
	return p.Decode(schema, resp.NewState), DescribeDiagnostics(resp.Diagnostics)
}

// ImportState imports a resource by ID and returns its state before the read that follows.
func (p *Provider) ImportState(kind, id string) (map[string]any, string) {
	p.T.Helper()
	resp, err := p.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	p.Check(err)
	if len(resp.ImportedResources) == 0 {
		return nil, DescribeDiagnostics(resp.Diagnostics)
	}
	return p.Decode(p.Schemas.ResourceSchemas[kind], resp.ImportedResources[0].State), DescribeDiagnostics(resp.Diagnostics)
}

// ReadDataSource validates and reads a data source.
func (p *Provider) ReadDataSource(kind string, config map[string]any) (map[string]any, string) {
	p.T.Helper()
	schema := p.Schemas.DataSourceSchemas[kind]
	validated, err := p.Server.ValidateDataResourceConfig(context.Background(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: kind, Config: p.Encode(schema, config),
	})
	p.Check(err)
	if len(validated.Diagnostics) > 0 {
		return nil, DescribeDiagnostics(validated.Diagnostics)
	}
	resp, err := p.Server.ReadDataSource(
		context.Background(),
		&tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: p.Encode(schema, config)},
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
		p.T.Fatalf("type of the schema is %T, want an object", schema.ValueType())
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
	p.Check(err)
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
func (p *Provider) Decode(schema *tfprotov6.Schema, dynamic *tfprotov6.DynamicValue) map[string]any {
	p.T.Helper()
	if dynamic == nil {
		return nil
	}
	value, err := dynamic.Unmarshal(schema.ValueType())
	p.Check(err)
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

// PlanUpdate plans another configuration for a resource in the state.
func (p *Provider) PlanUpdate(kind string, state, config map[string]any) (planned map[string]any, replaces bool, says string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[kind]
	proposed := map[string]any{}
	for _, a := range schema.Block.Attributes {
		proposed[a.Name] = config[a.Name]
		if a.Computed && config[a.Name] == nil {
			proposed[a.Name] = state[a.Name]
		}
	}
	resp, err := p.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: p.Encode(schema, state), Config: p.Encode(schema, config), ProposedNewState: p.Encode(schema, proposed),
	})
	p.Check(err)
	return p.Decode(schema, resp.PlannedState), len(resp.RequiresReplace) > 0, DescribeDiagnostics(resp.Diagnostics)
}

// Create plans and applies a new resource. It returns the state and the diagnostics of both as text.
func (p *Provider) Create(kind string, config map[string]any) (state map[string]any, says string) {
	p.T.Helper()
	schema := p.Schemas.ResourceSchemas[kind]
	plan, err := p.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: p.Encode(schema, nil), Config: p.Encode(schema, config), ProposedNewState: p.Encode(schema, config),
	})
	p.Check(err)
	if strings.Contains(DescribeDiagnostics(plan.Diagnostics), "error") {
		return nil, DescribeDiagnostics(plan.Diagnostics)
	}
	resp, err := p.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: p.Encode(schema, nil), PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate,
		Config: p.Encode(schema, config),
	})
	p.Check(err)
	return p.Decode(schema, resp.NewState), strings.TrimSpace(DescribeDiagnostics(plan.Diagnostics) + DescribeDiagnostics(resp.Diagnostics))
}

// ImportAndRead imports a resource by its ID and reads it, as the CLI does.
func (p *Provider) ImportAndRead(kind, id string) string {
	p.T.Helper()
	imported, err := p.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: kind, ID: id})
	p.Check(err)
	resource := imported.ImportedResources[0]
	resp, err := p.Server.ReadResource(
		context.Background(),
		&tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: resource.State, Private: resource.Private},
	)
	p.Check(err)
	return DescribeDiagnostics(resp.Diagnostics)
}

// Review reads mlflow_permission_review. It returns the state, its grants, and the diagnostics as text.
func (p *Provider) Review(config map[string]any) (state map[string]any, grants []ReviewedGrant, says string) {
	p.T.Helper()
	state, says = p.ReadDataSource("mlflow_permission_review", config)
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
