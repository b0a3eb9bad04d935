package acctest

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Action is an action of a provider process. Its methods plan and invoke it as the CLI does. Only Terraform 1.14 and newer have actions.
type Action struct {
	*Provider
	TypeName string
}

// Action returns the action of a type.
func (p *Provider) Action(typeName string) Action {
	p.T.Helper()
	if p.Schemas.ActionSchemas[typeName] == nil {
		p.T.Fatalf("provider has no action %s", typeName)
	}
	return Action{p, typeName}
}

func (a Action) server() tfprotov6.ActionServer {
	a.T.Helper()
	server, ok := a.Server.(tfprotov6.ActionServer)
	if !ok {
		a.T.Fatal("provider server has no actions")
	}
	return server
}

func (a Action) config(config map[string]any) *tfprotov6.DynamicValue {
	a.T.Helper()
	return a.Encode(a.Schemas.ActionSchemas[a.TypeName].Schema, config)
}

// Plan validates and plans an invocation, and returns the described diagnostics.
func (a Action) Plan(config map[string]any) string {
	a.T.Helper()
	validated, err := a.server().ValidateActionConfig(
		context.Background(),
		&tfprotov6.ValidateActionConfigRequest{ActionType: a.TypeName, Config: a.config(config)},
	)
	a.Check(err)
	if len(validated.Diagnostics) > 0 {
		return DescribeDiagnostics(validated.Diagnostics)
	}
	return a.PlanWithoutValidate(config)
}

// PlanWithoutValidate plans an invocation without validating it, as the CLI does with values that are unknown at validate, for example
// variables.
func (a Action) PlanWithoutValidate(config map[string]any) string {
	a.T.Helper()
	planned, err := a.server().PlanAction(
		context.Background(),
		&tfprotov6.PlanActionRequest{ActionType: a.TypeName, Config: a.config(config)},
	)
	a.Check(err)
	return DescribeDiagnostics(planned.Diagnostics)
}

// Invoke invokes the action without a plan. It returns the progress messages and the described
// diagnostics.
func (a Action) Invoke(config map[string]any) (progress []string, diagnostics string) {
	a.T.Helper()
	return a.InvokeContext(context.Background(), config, nil)
}

// InvokeContext is [Action.Invoke] with a context. It passes each progress message to seen, which can be nil.
func (a Action) InvokeContext(ctx context.Context, config map[string]any, seen func(string)) (progress []string, diagnostics string) {
	a.T.Helper()
	stream, err := a.server().InvokeAction(ctx, &tfprotov6.InvokeActionRequest{ActionType: a.TypeName, Config: a.config(config)})
	a.Check(err)
	completed := 0
	for event := range stream.Events {
		switch e := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, e.Message)
			if seen != nil {
				seen(e.Message)
			}
		case tfprotov6.CompletedInvokeActionEventType:
			completed++
			diagnostics = DescribeDiagnostics(e.Diagnostics)
		}
	}
	if completed != 1 {
		a.T.Errorf("invocation of %s: got %d completed events, want 1", a.TypeName, completed)
	}
	return progress, diagnostics
}

// MustInvoke is [Action.Invoke] without diagnostics. It returns the last progress message.
func (a Action) MustInvoke(config map[string]any) string {
	a.T.Helper()
	progress, diagnostics := a.Invoke(config)
	if diagnostics != "" || len(progress) == 0 {
		a.T.Fatalf("invocation of %s with %v: got diagnostics %q and progress %q, want progress only", a.TypeName, config, diagnostics, progress)
	}
	return progress[len(progress)-1]
}

// Action returns the action of a type, in a provider process that uses the token.
func (w *Workspace) Action(t *testing.T, token, typeName string) Action {
	t.Helper()
	return w.Provider(t, token).Action(typeName)
}
