package acctest

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Process is a configured provider, and how to start it again: each command of the CLI is a process of its own.
type Process struct {
	*Direct
	Again func() *Process
}

// Block is one resource block with its state. It goes through the plugin protocol as the CLI does, in milliseconds.
type Block struct {
	*Process
	Kind    string
	State   *tfprotov6.DynamicValue
	Private []byte
}

// Block returns a resource block of the provider process, without a state.
func (p *Process) Block(kind string) *Block {
	return &Block{Process: p, Kind: kind, State: p.Encode(p.Schemas.ResourceSchemas[kind], nil)}
}

func (b *Block) schema() *tfprotov6.Schema { return b.Schemas.ResourceSchemas[b.Kind] }

// Values gives the state, nil when there is none.
func (b *Block) Values() map[string]any {
	b.T.Helper()
	return b.Decode(b.schema(), b.State)
}

// Object gives the attributes of a value, nil when it is null.
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

// Read reads the resource in the process that there is.
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

// Plan is what a plan says and does.
type Plan struct {
	Says string
	// Action is create, update, replace, delete or none; "" when the plan failed.
	Action string
	// Changed are the attributes of an update or replacement that change, in order.
	Changed []string
	Resp    *tfprotov6.PlanResourceChangeResponse
}

// Plan plans a configuration, nil to destroy, for the state as it is.
func (b *Block) Plan(config map[string]any) Plan {
	b.T.Helper()
	prior, wanted := b.Object(b.State), b.Encode(b.schema(), config)
	if config != nil {
		validated, err := b.Server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: b.Kind, Config: wanted, ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
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

// proposed is the configuration without its write-only values, and with the prior values of the computed attributes that it leaves out.
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

// Up refreshes, plans and applies, and gives all that the person is told. After a success a second plan must be empty.
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
		b.ExpectSettled(config)
	}
	return JoinLines(says)
}

// ExpectSettled checks that there is nothing left to do, and nothing to say about it.
func (b *Block) ExpectSettled(config map[string]any) {
	b.T.Helper()
	refreshed := b.Refresh()
	if p := b.Plan(config); p.Action != "none" || refreshed != "" {
		b.T.Errorf("the second plan of %v is to %s, changes %v and says %q", config, p.Action, p.Changed, JoinLines([]string{refreshed, p.Says}))
	}
}

// Apply applies a plan without a second look.
func (b *Block) Apply(p Plan, config map[string]any) string {
	b.T.Helper()
	if p.Action == "" {
		return p.Says
	}
	resp, err := b.Server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: b.Kind, PriorState: b.State, PlannedState: p.Resp.PlannedState, PlannedPrivate: p.Resp.PlannedPrivate, Config: b.Encode(b.schema(), config),
	})
	b.Check(err)
	b.State, b.Private = resp.NewState, resp.Private
	return DescribeDiagnostics(resp.Diagnostics)
}

// MustUp is up where nothing is to be said.
func (b *Block) MustUp(config map[string]any) {
	b.T.Helper()
	if says := b.Up(config); says != "" {
		b.T.Fatalf("apply of %v says %q", config, says)
	}
}

// Destroy refreshes and destroys.
func (b *Block) Destroy() string {
	b.T.Helper()
	says := b.Refresh()
	if b.Values() == nil {
		return says
	}
	p := b.Plan(nil)
	return JoinLines([]string{says, p.Says, b.Apply(p, nil)})
}

// Adopt imports and reads.
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

// Text gives an attribute of the state, "" when it is null.
func (b *Block) Text(attribute string) string {
	b.T.Helper()
	text, _ := b.Values()[attribute].(string)
	return text
}

func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}

// IsError reports whether there is an error in what the person is told.
func IsError(says string) bool { return ErrorLine.MatchString(says) }

// ErrorLine matches the line of an error among described diagnostics.
var ErrorLine = regexp.MustCompile(`(?m)^error( at \w+)?: `)

// JoinLines joins what there is.
func JoinLines(texts []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" }), "\n")
}

// Watched is a provider server whose every answer is looked at for what nobody may see.
type Watched struct {
	tfprotov6.ProviderServer
	T testing.TB
}

// SecretPattern is what must be in no diagnostic and no state: databases' and web servers' own words, hashes, passwords.
var SecretPattern = regexp.MustCompile(`(?i)IntegrityError|\[SQL|\[parameters|sqlalche|sqlite3|INSERT INTO|UPDATE experiments|pbkdf2|scrypt:|<html|<!doctype|<p>|Traceback|-password-`)

func (w Watched) look(what string, diagnostics []*tfprotov6.Diagnostic, states ...*tfprotov6.DynamicValue) {
	w.T.Helper()
	if found := SecretPattern.FindString(DescribeDiagnostics(diagnostics)); found != "" {
		w.T.Errorf("%s says %q, which holds %q", what, DescribeDiagnostics(diagnostics), found)
	}
	for _, state := range states {
		if state != nil && SecretPattern.Match(state.MsgPack) {
			w.T.Errorf("%s leaves %q in the state", what, SecretPattern.Find(state.MsgPack))
		}
	}
}

// ConfigureProvider implements [tfprotov6.ProviderServer].
func (w Watched) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := w.ProviderServer.ConfigureProvider(ctx, req)
	w.look("configure", resp.Diagnostics)
	return resp, err
}

// PlanResourceChange implements [tfprotov6.ProviderServer].
func (w Watched) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := w.ProviderServer.PlanResourceChange(ctx, req)
	w.look("plan of "+req.TypeName, resp.Diagnostics, resp.PlannedState)
	return resp, err
}

// ApplyResourceChange implements [tfprotov6.ProviderServer].
func (w Watched) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := w.ProviderServer.ApplyResourceChange(ctx, req)
	w.look("apply of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ReadResource implements [tfprotov6.ProviderServer].
func (w Watched) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := w.ProviderServer.ReadResource(ctx, req)
	w.look("refresh of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ImportResourceState implements [tfprotov6.ProviderServer].
func (w Watched) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := w.ProviderServer.ImportResourceState(ctx, req)
	w.look("import of "+req.TypeName, resp.Diagnostics)
	return resp, err
}

// ReadDataSource implements [tfprotov6.ProviderServer].
func (w Watched) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := w.ProviderServer.ReadDataSource(ctx, req)
	w.look("read of "+req.TypeName, resp.Diagnostics, resp.State)
	return resp, err
}
