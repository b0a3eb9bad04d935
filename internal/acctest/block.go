package acctest

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Process is a configured provider process. Again starts another one, because each command of the CLI has its own process.
type Process struct {
	*Direct
	Again func() *Process
}

// Block is a resource with its state. It uses the plugin protocol as the CLI does, but takes only milliseconds.
type Block struct {
	*Process
	Kind    string
	State   *tfprotov6.DynamicValue
	Private []byte
}

// Block returns a resource of the provider process, without a state.
func (p *Process) Block(kind string) *Block {
	return &Block{Process: p, Kind: kind, State: p.Encode(p.Schemas.ResourceSchemas[kind], nil)}
}

func (b *Block) schema() *tfprotov6.Schema { return b.Schemas.ResourceSchemas[b.Kind] }

// Values returns the state, nil if there is none.
func (b *Block) Values() map[string]any {
	b.T.Helper()
	return b.Decode(b.schema(), b.State)
}

// Object returns the attributes of a value, nil if it is null.
func (b *Block) Object(dynamic *tfprotov6.DynamicValue) map[string]tftypes.Value {
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
func (b *Block) Refresh() string {
	b.T.Helper()
	b.Process = b.Again()
	return b.Read()
}

// Read reads the resource in the current process.
func (b *Block) Read() string {
	b.T.Helper()
	if b.Values() == nil {
		return ""
	}
	resp, err := b.Server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: b.Kind, CurrentState: b.State, Private: b.Private,
	})
	b.Check(err)
	if !failed(resp.Diagnostics) {
		b.State, b.Private = resp.NewState, resp.Private
	}
	return DescribeDiagnostics(resp.Diagnostics)
}

// Plan is the result of a plan.
type Plan struct {
	Says string // described diagnostics
	// Action is create, update, replace, delete, or none; empty if the plan failed.
	Action string
	// Changed are the changed attributes of an update or replacement, sorted.
	Changed []string
	Resp    *tfprotov6.PlanResourceChangeResponse
}

// Plan plans a configuration, or a destroy if config is nil, for the current state.
func (b *Block) Plan(config map[string]any) Plan {
	b.T.Helper()
	prior, wanted := b.Object(b.State), b.Encode(b.schema(), config)
	if config != nil {
		validated, err := b.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: b.Kind, Config: wanted,
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
		b.Check(err)
		if failed(validated.Diagnostics) {
			return Plan{Says: DescribeDiagnostics(validated.Diagnostics)}
		}
	}
	resp, err := b.Server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: b.Kind, PriorState: b.State, PriorPrivate: b.Private, Config: wanted, ProposedNewState: b.proposed(prior, wanted),
	})
	b.Check(err)
	p := Plan{Says: DescribeDiagnostics(resp.Diagnostics), Resp: resp}
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
func (b *Block) proposed(prior map[string]tftypes.Value, config *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
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

// Up refreshes, plans, and applies, and returns all described diagnostics. If it succeeds, a second plan must be empty.
func (b *Block) Up(config map[string]any) string {
	b.T.Helper()
	says := []string{b.Refresh()}
	p := b.Plan(config)
	says = append(says, p.Says)
	if p.Action == "replace" {
		says = append(says, b.Apply(b.Plan(nil), nil))
		if b.Values() != nil {
			return JoinLines(says)
		}
		p = b.Plan(config)
	}
	if p.Action == "" || p.Action == "none" {
		return JoinLines(says)
	}
	says = append(says, b.Apply(p, config))
	if !IsError(JoinLines(says)) {
		stored := b.Private
		if b.ExpectSettled(config); !bytes.Equal(b.Private, stored) { // plan -refresh-only -detailed-exitcode would report a change
			b.T.Errorf("the refresh after the apply of %v changes private state from %s to %s", config, stored, b.Private)
		}
	}
	return JoinLines(says)
}

// ExpectSettled checks that a second plan is empty and without diagnostics.
func (b *Block) ExpectSettled(config map[string]any) {
	b.T.Helper()
	refreshed := b.Refresh()
	if p := b.Plan(config); p.Action != "none" || refreshed != "" {
		says := JoinLines([]string{refreshed, p.Says})
		b.T.Errorf("second plan of %v: action %s, changes %v, diagnostics %q; want none", config, p.Action, p.Changed, says)
	}
}

// Apply applies a plan, without a second plan.
func (b *Block) Apply(p Plan, config map[string]any) string {
	b.T.Helper()
	if p.Action == "" {
		return p.Says
	}
	resp, err := b.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: b.Kind, PriorState: b.State, PlannedState: p.Resp.PlannedState, PlannedPrivate: p.Resp.PlannedPrivate,
		Config: b.Encode(b.schema(), config),
	})
	b.Check(err)
	b.State, b.Private = resp.NewState, resp.Private
	return DescribeDiagnostics(resp.Diagnostics)
}

// MustUp is Up without diagnostics.
func (b *Block) MustUp(config map[string]any) {
	b.T.Helper()
	if says := b.Up(config); says != "" {
		b.T.Fatalf("diagnostics of the apply of %v are %q, want none", config, says)
	}
}

// Destroy refreshes, plans, and destroys. It returns all described diagnostics.
func (b *Block) Destroy() string {
	b.T.Helper()
	says := b.Refresh()
	if b.Values() == nil {
		return says
	}
	p := b.Plan(nil)
	return JoinLines([]string{says, p.Says, b.Apply(p, nil)})
}

// Adopt imports the resource and reads it. It returns the described diagnostics.
func (b *Block) Adopt(id string) string {
	b.T.Helper()
	resp, err := b.Server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: b.Kind, ID: id})
	b.Check(err)
	if len(resp.ImportedResources) == 0 {
		return DescribeDiagnostics(resp.Diagnostics)
	}
	b.State, b.Private = resp.ImportedResources[0].State, resp.ImportedResources[0].Private
	return JoinLines([]string{DescribeDiagnostics(resp.Diagnostics), b.Read()})
}

// Text returns an attribute of the state, empty if it is null.
func (b *Block) Text(attribute string) string {
	b.T.Helper()
	text, _ := b.Values()[attribute].(string)
	return text
}

func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}

// IsError reports whether described diagnostics contain an error.
func IsError(says string) bool { return ErrorLine.MatchString(says) }

// ErrorLine matches the line of an error in described diagnostics.
var ErrorLine = regexp.MustCompile(`(?m)^error( at \w+)?: `)

// JoinLines joins the texts that are not empty.
func JoinLines(texts []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" }), "\n")
}

// Watched is a provider server that checks all responses for secrets and internal messages of servers.
type Watched struct {
	tfprotov6.ProviderServer
	T testing.TB
}

// SecretPattern matches texts that no diagnostic and no state may contain: messages of databases and web servers, hashes, and passwords.
var SecretPattern = regexp.MustCompile(
	`(?i)IntegrityError|\[SQL|\[parameters|sqlalche|sqlite3|INSERT INTO|UPDATE experiments|` +
		`pbkdf2|scrypt:|<html|<!doctype|<p>|Traceback|-password-`,
)

func (w Watched) check(what string, diagnostics []*tfprotov6.Diagnostic, states ...*tfprotov6.DynamicValue) {
	w.T.Helper()
	if found := SecretPattern.FindString(DescribeDiagnostics(diagnostics)); found != "" {
		w.T.Errorf("diagnostics of %s are %q, which contain %q", what, DescribeDiagnostics(diagnostics), found)
	}
	for _, state := range states {
		if state != nil && SecretPattern.Match(state.MsgPack) {
			w.T.Errorf("the state after %s contains %q", what, SecretPattern.Find(state.MsgPack))
		}
	}
}

// ConfigureProvider implements [tfprotov6.ProviderServer].
func (w Watched) ConfigureProvider(
	ctx context.Context,
	req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := w.ProviderServer.ConfigureProvider(ctx, req)
	w.check("configure", resp.Diagnostics)
	return resp, err
}

// PlanResourceChange implements [tfprotov6.ProviderServer].
func (w Watched) PlanResourceChange(
	ctx context.Context,
	req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := w.ProviderServer.PlanResourceChange(ctx, req)
	w.check("plan of "+req.TypeName, resp.Diagnostics, resp.PlannedState)
	return resp, err
}

// ApplyResourceChange implements [tfprotov6.ProviderServer].
func (w Watched) ApplyResourceChange(
	ctx context.Context,
	req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := w.ProviderServer.ApplyResourceChange(ctx, req)
	w.check("apply of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ReadResource implements [tfprotov6.ProviderServer].
func (w Watched) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := w.ProviderServer.ReadResource(ctx, req)
	w.check("refresh of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ImportResourceState implements [tfprotov6.ProviderServer].
func (w Watched) ImportResourceState(
	ctx context.Context,
	req *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := w.ProviderServer.ImportResourceState(ctx, req)
	w.check("import of "+req.TypeName, resp.Diagnostics)
	return resp, err
}

// ReadDataSource implements [tfprotov6.ProviderServer].
func (w Watched) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := w.ProviderServer.ReadDataSource(ctx, req)
	w.check("read of "+req.TypeName, resp.Diagnostics, resp.State)
	return resp, err
}
