package acctest

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Resource is a resource with its state. Its methods call the provider as the commands of the CLI do, but take only milliseconds.
type Resource struct {
	*Provider
	TypeName string
	State    *tfprotov6.DynamicValue
	Private  []byte
}

// Resource returns a resource of the provider process, without a state.
func (p *Provider) Resource(kind string) *Resource {
	return &Resource{Provider: p, TypeName: kind, State: p.Encode(p.Schemas.ResourceSchemas[kind], nil)}
}

func (b *Resource) schema() *tfprotov6.Schema { return b.Schemas.ResourceSchemas[b.TypeName] }

// Values returns the state, nil if there is none.
func (b *Resource) Values() map[string]any {
	b.T.Helper()
	return b.Decode(b.schema(), b.State)
}

// Object returns the attributes of a value, nil if it is null.
func (b *Resource) Object(dynamic *tfprotov6.DynamicValue) map[string]tftypes.Value {
	b.T.Helper()
	value, err := dynamic.Unmarshal(b.schema().ValueType())
	b.Check(err)
	if value.IsNull() {
		return nil
	}
	var attributes map[string]tftypes.Value
	b.Check(value.As(&attributes))
	return attributes
}

// Refresh reads the resource in a new provider process, and returns the diagnostics as text.
func (b *Resource) Refresh() string {
	b.T.Helper()
	b.Provider = b.Restart()
	return b.Read()
}

// Read reads the resource in the current process.
func (b *Resource) Read() string {
	b.T.Helper()
	if b.Values() == nil {
		return ""
	}
	resp, err := b.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: b.TypeName, CurrentState: b.State, Private: b.Private,
	})
	b.Check(err)
	if !failed(resp.Diagnostics) {
		b.State, b.Private = resp.NewState, resp.Private
	}
	return DescribeDiagnostics(resp.Diagnostics)
}

// Plan is the result of a plan.
type Plan struct {
	Diagnostics string // described diagnostics
	// Action is create, update, replace, delete, or none; empty if the plan failed.
	Action string
	// Changed are the changed attributes of an update or replacement, sorted.
	Changed []string
	Resp    *tfprotov6.PlanResourceChangeResponse
}

// Plan plans a configuration, or a destroy if config is nil, for the current state.
func (b *Resource) Plan(config map[string]any) Plan {
	b.T.Helper()
	prior, wanted := b.Object(b.State), b.Encode(b.schema(), config)
	if config != nil {
		validated, err := b.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: b.TypeName, Config: wanted,
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		b.Check(err)
		if failed(validated.Diagnostics) {
			return Plan{Diagnostics: DescribeDiagnostics(validated.Diagnostics)}
		}
	}
	resp, err := b.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: b.TypeName, PriorState: b.State, PriorPrivate: b.Private, Config: wanted, ProposedNewState: b.proposed(prior, wanted),
	})
	b.Check(err)
	p := Plan{Diagnostics: DescribeDiagnostics(resp.Diagnostics), Resp: resp}
	if failed(resp.Diagnostics) {
		return p
	}
	planned := b.Object(resp.PlannedState)
	for name, value := range prior {
		if config != nil && !value.Equal(planned[name]) {
			p.Changed = append(p.Changed, name)
		}
	}
	slices.Sort(p.Changed)
	p.Action = actionOf(prior == nil, config == nil, len(resp.RequiresReplace) > 0, len(p.Changed) > 0)
	return p
}

func actionOf(absent, unwanted, replaces, changes bool) string {
	switch {
	case absent && !unwanted:
		return "create"
	case unwanted && !absent:
		return "delete"
	case replaces:
		return "replace"
	case changes:
		return "update"
	default:
		return "none"
	}
}

// proposed returns the configuration without write-only values, and with the prior values of computed attributes that are not set.
func (b *Resource) proposed(prior map[string]tftypes.Value, config *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	b.T.Helper()
	attributes := b.Object(config)
	if attributes == nil {
		return config
	}
	for _, a := range b.schema().Block.Attributes {
		if a.WriteOnly {
			attributes[a.Name] = tftypes.NewValue(a.Type, nil)
		}
		if a.Computed && prior != nil && attributes[a.Name].IsNull() {
			attributes[a.Name] = prior[a.Name]
		}
	}
	typ := b.schema().ValueType()
	dynamic, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, attributes))
	b.Check(err)
	return &dynamic
}

// Apply refreshes, plans, and applies, and returns all described diagnostics. If it succeeds, a second plan must be empty.
func (b *Resource) Apply(config map[string]any) string {
	b.T.Helper()
	says := []string{b.Refresh()}
	p := b.Plan(config)
	says = append(says, p.Diagnostics)
	if p.Action == "replace" {
		says = append(says, b.ApplyPlan(b.Plan(nil), nil))
		if b.Values() != nil {
			return JoinLines(says)
		}
		p = b.Plan(config)
	}
	if p.Action == "" || p.Action == "none" {
		return JoinLines(says)
	}
	says = append(says, b.ApplyPlan(p, config))
	if !HasError(JoinLines(says)) {
		b.ExpectEmptyPlan(config)
	}
	return JoinLines(says)
}

// ExpectEmptyPlan checks that a second plan is empty and without diagnostics.
func (b *Resource) ExpectEmptyPlan(config map[string]any) {
	b.T.Helper()
	refreshed := b.Refresh()
	if p := b.Plan(config); p.Action != "none" || refreshed != "" {
		says := JoinLines([]string{refreshed, p.Diagnostics})
		b.T.Errorf("second plan of %v: action %s, changes %v, diagnostics %q; want none", config, p.Action, p.Changed, says)
	}
}

// ApplyPlan applies a plan, without a second plan.
func (b *Resource) ApplyPlan(p Plan, config map[string]any) string {
	b.T.Helper()
	if p.Action == "" {
		return p.Diagnostics
	}
	resp, err := b.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: b.TypeName, PriorState: b.State, PlannedState: p.Resp.PlannedState, PlannedPrivate: p.Resp.PlannedPrivate,
		Config: b.Encode(b.schema(), config),
	})
	b.Check(err)
	b.State, b.Private = resp.NewState, resp.Private
	return DescribeDiagnostics(resp.Diagnostics)
}

// MustApply is Up without diagnostics.
func (b *Resource) MustApply(config map[string]any) {
	b.T.Helper()
	if says := b.Apply(config); says != "" {
		b.T.Fatalf("diagnostics of the apply of %v are %q, want none", config, says)
	}
}

// Destroy refreshes, plans, and destroys. It returns all described diagnostics.
func (b *Resource) Destroy() string {
	b.T.Helper()
	says := b.Refresh()
	if b.Values() == nil {
		return says
	}
	p := b.Plan(nil)
	return JoinLines([]string{says, p.Diagnostics, b.ApplyPlan(p, nil)})
}

// Import imports the resource and reads it. It returns the described diagnostics.
func (b *Resource) Import(id string) string {
	b.T.Helper()
	resp, err := b.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: b.TypeName, ID: id})
	b.Check(err)
	if len(resp.ImportedResources) == 0 {
		return DescribeDiagnostics(resp.Diagnostics)
	}
	b.State, b.Private = resp.ImportedResources[0].State, resp.ImportedResources[0].Private
	return JoinLines([]string{DescribeDiagnostics(resp.Diagnostics), b.Read()})
}

// Text returns an attribute of the state, empty if it is null.
func (b *Resource) Text(attribute string) string {
	b.T.Helper()
	text, _ := b.Values()[attribute].(string)
	return text
}

func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}
