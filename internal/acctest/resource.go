package acctest

import (
	"bytes"
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

// Resource returns a resource of a type, without a state.
func (p *Provider) Resource(typeName string) *Resource {
	return &Resource{Provider: p, TypeName: typeName, State: p.Encode(p.Schemas.ResourceSchemas[typeName], nil)}
}

func (r *Resource) schema() *tfprotov6.Schema { return r.Schemas.ResourceSchemas[r.TypeName] }

// Values returns the state, nil if there is none.
func (r *Resource) Values() map[string]any {
	r.T.Helper()
	return r.Decode(r.schema(), r.State)
}

// Object returns the attributes of a value of the resource type, nil if the value is null.
func (r *Resource) Object(dynamic *tfprotov6.DynamicValue) map[string]tftypes.Value {
	r.T.Helper()
	value, err := dynamic.Unmarshal(r.schema().ValueType())
	r.Check(err)
	if value.IsNull() {
		return nil
	}
	var attributes map[string]tftypes.Value
	r.Check(value.As(&attributes))
	return attributes
}

// Refresh reads the resource in a new provider process, and returns the described diagnostics.
func (r *Resource) Refresh() string {
	r.T.Helper()
	r.Provider = r.Restart()
	return r.Read()
}

// Read reads the resource in the current provider process, and returns the described diagnostics.
func (r *Resource) Read() string {
	r.T.Helper()
	if r.Values() == nil {
		return ""
	}
	resp, err := r.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: r.TypeName, CurrentState: r.State, Private: r.Private,
	})
	r.Check(err)
	if !failed(resp.Diagnostics) {
		r.State, r.Private = resp.NewState, resp.Private
	}
	return DescribeDiagnostics(resp.Diagnostics)
}

// Plan is the planned change of a resource.
type Plan struct {
	Diagnostics string // described diagnostics
	// Action is create, update, replace, delete, or none; empty if the plan failed.
	Action string
	// Changed are the changed attributes of an update or replacement, sorted.
	Changed []string
	Resp    *tfprotov6.PlanResourceChangeResponse
}

// Plan plans a configuration, or a destroy if config is nil, for the current state.
func (r *Resource) Plan(config map[string]any) Plan {
	r.T.Helper()
	prior, wanted := r.Object(r.State), r.Encode(r.schema(), config)
	if config != nil {
		validated, err := r.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: r.TypeName, Config: wanted,
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		r.Check(err)
		if failed(validated.Diagnostics) {
			return Plan{Diagnostics: DescribeDiagnostics(validated.Diagnostics)}
		}
	}
	resp, err := r.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: r.TypeName, PriorState: r.State, PriorPrivate: r.Private, Config: wanted, ProposedNewState: r.proposed(prior, wanted),
	})
	r.Check(err)
	p := Plan{Diagnostics: DescribeDiagnostics(resp.Diagnostics), Resp: resp}
	if failed(resp.Diagnostics) {
		return p
	}
	planned := r.Object(resp.PlannedState)
	for name, value := range prior {
		if config != nil && !value.Equal(planned[name]) {
			p.Changed = append(p.Changed, name)
		}
	}
	slices.Sort(p.Changed)
	p.Action = plannedAction(prior == nil, config == nil, len(resp.RequiresReplace) > 0, len(p.Changed) > 0)
	return p
}

func plannedAction(absent, destroys, replaces, changes bool) string {
	switch {
	case absent && !destroys:
		return "create"
	case destroys && !absent:
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
func (r *Resource) proposed(prior map[string]tftypes.Value, config *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	r.T.Helper()
	attributes := r.Object(config)
	if attributes == nil {
		return config
	}
	for _, a := range r.schema().Block.Attributes {
		if a.WriteOnly {
			attributes[a.Name] = tftypes.NewValue(a.Type, nil)
		}
		if a.Computed && prior != nil && attributes[a.Name].IsNull() {
			attributes[a.Name] = prior[a.Name]
		}
	}
	typ := r.schema().ValueType()
	dynamic, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, attributes))
	r.Check(err)
	return &dynamic
}

// Apply refreshes, plans, and applies a configuration, and returns all described diagnostics. If it succeeds, a second plan must be empty.
func (r *Resource) Apply(config map[string]any) string {
	r.T.Helper()
	diagnostics := []string{r.Refresh()}
	p := r.Plan(config)
	diagnostics = append(diagnostics, p.Diagnostics)
	if p.Action == "replace" {
		diagnostics = append(diagnostics, r.ApplyPlan(r.Plan(nil), nil))
		if r.Values() != nil {
			return JoinLines(diagnostics)
		}
		p = r.Plan(config)
	}
	if p.Action == "" || p.Action == "none" {
		return JoinLines(diagnostics)
	}
	diagnostics = append(diagnostics, r.ApplyPlan(p, config))
	if !HasError(JoinLines(diagnostics)) {
		stored := r.Private
		if r.ExpectEmptyPlan(config); !bytes.Equal(r.Private, stored) { // plan -refresh-only -detailed-exitcode would report a change
			r.T.Errorf("refresh after the apply of %v: got private state %s, want %s", config, r.Private, stored)
		}
	}
	return JoinLines(diagnostics)
}

// ExpectEmptyPlan checks that a second plan is empty and without diagnostics.
func (r *Resource) ExpectEmptyPlan(config map[string]any) {
	r.T.Helper()
	refreshed := r.Refresh()
	if p := r.Plan(config); p.Action != "none" || refreshed != "" {
		diagnostics := JoinLines([]string{refreshed, p.Diagnostics})
		r.T.Errorf("second plan of %v: got action %s, changes %v, diagnostics %q; want none", config, p.Action, p.Changed, diagnostics)
	}
}

// ApplyPlan applies a plan, without a second plan, and returns the described diagnostics.
func (r *Resource) ApplyPlan(p Plan, config map[string]any) string {
	r.T.Helper()
	if p.Action == "" {
		return p.Diagnostics
	}
	resp, err := r.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: r.TypeName, PriorState: r.State, PlannedState: p.Resp.PlannedState, PlannedPrivate: p.Resp.PlannedPrivate,
		Config: r.Encode(r.schema(), config),
	})
	r.Check(err)
	r.State, r.Private = resp.NewState, resp.Private
	return DescribeDiagnostics(resp.Diagnostics)
}

// MustApply is [Resource.Apply] without diagnostics.
func (r *Resource) MustApply(config map[string]any) {
	r.T.Helper()
	if diagnostics := r.Apply(config); diagnostics != "" {
		r.T.Fatalf("apply of %v: got diagnostics %q, want none", config, diagnostics)
	}
}

// Destroy refreshes, plans, and destroys. It returns all described diagnostics.
func (r *Resource) Destroy() string {
	r.T.Helper()
	diagnostics := r.Refresh()
	if r.Values() == nil {
		return diagnostics
	}
	p := r.Plan(nil)
	return JoinLines([]string{diagnostics, p.Diagnostics, r.ApplyPlan(p, nil)})
}

// Import imports the resource and reads it. It returns the described diagnostics.
func (r *Resource) Import(id string) string {
	r.T.Helper()
	resp, err := r.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: r.TypeName, ID: id})
	r.Check(err)
	if len(resp.ImportedResources) == 0 {
		return DescribeDiagnostics(resp.Diagnostics)
	}
	r.State, r.Private = resp.ImportedResources[0].State, resp.ImportedResources[0].Private
	return JoinLines([]string{DescribeDiagnostics(resp.Diagnostics), r.Read()})
}

// Text returns an attribute of the state, empty if it is null.
func (r *Resource) Text(attribute string) string {
	r.T.Helper()
	text, _ := r.Values()[attribute].(string)
	return text
}

func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}
