package provider_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// process is a configured provider, and how to start it again: each command of the CLI is a process of its own.
type process struct {
	*direct
	again func() *process
}

// block is one resource block with its state. It goes through the plugin protocol as the CLI does, in milliseconds.
type block struct {
	*process
	kind    string
	state   *tfprotov6.DynamicValue
	private []byte
}

func (p *process) block(kind string) *block {
	return &block{process: p, kind: kind, state: p.encode(p.schemas.ResourceSchemas[kind], nil)}
}

func (b *block) schema() *tfprotov6.Schema { return b.schemas.ResourceSchemas[b.kind] }

// values gives the state, nil when there is none.
func (b *block) values() map[string]any {
	b.t.Helper()
	return b.decode(b.schema(), b.state)
}

// object gives the attributes of a value, nil when it is null.
func (b *block) object(dynamic *tfprotov6.DynamicValue) map[string]tftypes.Value {
	b.t.Helper()
	value, err := dynamic.Unmarshal(b.schema().ValueType())
	b.check(err)
	if value.IsNull() {
		return nil
	}
	var attributes map[string]tftypes.Value
	b.check(value.As(&attributes))
	return attributes
}

// refresh reads the resource, in a new process, and tells what the person is told.
func (b *block) refresh() string {
	b.t.Helper()
	b.process = b.again()
	return b.read()
}

// read reads the resource in the process that there is.
func (b *block) read() string {
	b.t.Helper()
	if b.values() == nil {
		return ""
	}
	resp, err := b.server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
		TypeName: b.kind, CurrentState: b.state, Private: b.private,
	})
	b.check(err)
	if !failed(resp.Diagnostics) {
		b.state, b.private = resp.NewState, resp.Private
	}
	return told(resp.Diagnostics)
}

// plan is what a plan says and does.
type plan struct {
	says string
	// action is create, update, replace, delete or none; "" when the plan failed.
	action string
	// changed are the attributes of an update or replacement that change, in order.
	changed []string
	resp    *tfprotov6.PlanResourceChangeResponse
}

// plan plans a configuration, nil to destroy, for the state as it is.
func (b *block) plan(config map[string]any) plan {
	b.t.Helper()
	prior, wanted := b.object(b.state), b.encode(b.schema(), config)
	if config != nil {
		validated, err := b.server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{TypeName: b.kind, Config: wanted})
		b.check(err)
		if failed(validated.Diagnostics) {
			return plan{says: told(validated.Diagnostics)}
		}
	}
	resp, err := b.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: b.kind, PriorState: b.state, PriorPrivate: b.private, Config: wanted, ProposedNewState: b.proposed(prior, wanted),
	})
	b.check(err)
	p := plan{says: told(resp.Diagnostics), resp: resp}
	if failed(resp.Diagnostics) {
		return p
	}
	planned := b.object(resp.PlannedState)
	for name, value := range prior {
		if config != nil && !value.Equal(planned[name]) {
			p.changed = append(p.changed, name)
		}
	}
	slices.Sort(p.changed)
	p.action = actionOf(prior == nil, config == nil, len(resp.RequiresReplace) > 0, len(p.changed) > 0)
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

// proposed is the configuration, with the prior values of the computed attributes that it leaves out.
func (b *block) proposed(prior map[string]tftypes.Value, config *tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	b.t.Helper()
	attributes := b.object(config)
	if attributes == nil || prior == nil {
		return config
	}
	for _, a := range b.schema().Block.Attributes {
		if a.Computed && attributes[a.Name].IsNull() {
			attributes[a.Name] = prior[a.Name]
		}
	}
	typ := b.schema().ValueType()
	dynamic, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, attributes))
	b.check(err)
	return &dynamic
}

// up refreshes, plans and applies, and gives all that the person is told. After a success a second plan must be empty.
func (b *block) up(config map[string]any) string {
	b.t.Helper()
	says := []string{b.refresh()}
	p := b.plan(config)
	says = append(says, p.says)
	if p.action == "replace" {
		says = append(says, b.apply(b.plan(nil), nil))
		if b.values() != nil {
			return lines(says)
		}
		p = b.plan(config)
	}
	if p.action == "" || p.action == "none" {
		return lines(says)
	}
	says = append(says, b.apply(p, config))
	if !isError(lines(says)) {
		b.expectSettled(config)
	}
	return lines(says)
}

// expectSettled checks that there is nothing left to do, and nothing to say about it.
func (b *block) expectSettled(config map[string]any) {
	b.t.Helper()
	refreshed := b.refresh()
	if p := b.plan(config); p.action != "none" || refreshed != "" {
		b.t.Errorf("the second plan of %v is to %s, changes %v and says %q", config, p.action, p.changed, lines([]string{refreshed, p.says}))
	}
}

// apply applies a plan without a second look.
func (b *block) apply(p plan, config map[string]any) string {
	b.t.Helper()
	if p.action == "" {
		return p.says
	}
	resp, err := b.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: b.kind, PriorState: b.state, PlannedState: p.resp.PlannedState, PlannedPrivate: p.resp.PlannedPrivate, Config: b.encode(b.schema(), config),
	})
	b.check(err)
	b.state, b.private = resp.NewState, resp.Private
	return told(resp.Diagnostics)
}

// mustUp is up where nothing is to be said.
func (b *block) mustUp(config map[string]any) {
	b.t.Helper()
	if says := b.up(config); says != "" {
		b.t.Fatalf("apply of %v says %q", config, says)
	}
}

// destroy refreshes and destroys.
func (b *block) destroy() string {
	b.t.Helper()
	says := b.refresh()
	if b.values() == nil {
		return says
	}
	p := b.plan(nil)
	return lines([]string{says, p.says, b.apply(p, nil)})
}

// adopt imports and reads.
func (b *block) adopt(id string) string {
	b.t.Helper()
	resp, err := b.server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: b.kind, ID: id})
	b.check(err)
	if len(resp.ImportedResources) == 0 {
		return told(resp.Diagnostics)
	}
	b.state, b.private = resp.ImportedResources[0].State, resp.ImportedResources[0].Private
	return lines([]string{told(resp.Diagnostics), b.read()})
}

// text gives an attribute of the state, "" when it is null.
func (b *block) text(attribute string) string {
	b.t.Helper()
	text, _ := b.values()[attribute].(string)
	return text
}

func failed(diagnostics []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError })
}

// isError reports whether there is an error in what the person is told.
func isError(says string) bool { return errorLine.MatchString(says) }

var errorLine = regexp.MustCompile(`(?m)^error( at \w+)?: `)

// lines joins what there is.
func lines(texts []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" }), "\n")
}

// watched is a provider server whose every answer is looked at for what nobody may see.
type watched struct {
	tfprotov6.ProviderServer
	t testing.TB
}

// secretPattern is what must be in no diagnostic and no state: databases' and web servers' own words, hashes, passwords.
var secretPattern = regexp.MustCompile(`(?i)IntegrityError|\[SQL|\[parameters|sqlalche|sqlite3|INSERT INTO|UPDATE experiments|pbkdf2|scrypt:|<html|<!doctype|<p>|Traceback|-password-`)

func TestSecret(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"(sqlite3.IntegrityError) UNIQUE constraint failed", "[SQL: UPDATE experiments SET name=?]", "[parameters: ('x',)]", "https://sqlalche.me/e/21/gkpj",
		"scrypt:32768:8:1$salt$hash", "pbkdf2:sha256:1$salt$hash", "<!doctype html><html lang=en>", "Traceback (most recent call last)", "admin-password-1234",
	} {
		if !secretPattern.MatchString(text) {
			t.Errorf("%q would go unnoticed", text)
		}
	}
}

func (w watched) look(what string, diagnostics []*tfprotov6.Diagnostic, states ...*tfprotov6.DynamicValue) {
	w.t.Helper()
	if found := secretPattern.FindString(told(diagnostics)); found != "" {
		w.t.Errorf("%s says %q, which holds %q", what, told(diagnostics), found)
	}
	for _, state := range states {
		if state != nil && secretPattern.Match(state.MsgPack) {
			w.t.Errorf("%s leaves %q in the state", what, secretPattern.Find(state.MsgPack))
		}
	}
}

func (w watched) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := w.ProviderServer.ConfigureProvider(ctx, req)
	w.look("configure", resp.Diagnostics)
	return resp, err
}

func (w watched) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := w.ProviderServer.PlanResourceChange(ctx, req)
	w.look("plan of "+req.TypeName, resp.Diagnostics, resp.PlannedState)
	return resp, err
}

func (w watched) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := w.ProviderServer.ApplyResourceChange(ctx, req)
	w.look("apply of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

func (w watched) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := w.ProviderServer.ReadResource(ctx, req)
	w.look("refresh of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

func (w watched) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := w.ProviderServer.ImportResourceState(ctx, req)
	w.look("import of "+req.TypeName, resp.Diagnostics)
	return resp, err
}

func (w watched) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := w.ProviderServer.ReadDataSource(ctx, req)
	w.look("read of "+req.TypeName, resp.Diagnostics, resp.State)
	return resp, err
}
