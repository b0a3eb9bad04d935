package provider

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server returns the constructor of the provider's server, as tf6server wants it. The version is sent to the MLflow server.
func Server(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		full := providerserver.NewProtocol6(New(version)())()
		lists, _ := full.(tfprotov6.ListResourceServer)
		actions, _ := full.(tfprotov6.ActionServer)
		return lendingServer{full, lists, actions}
	}
}

// lendingServer lends contexts to the framework's server. The framework keeps the context of every call until the process ends, with all the
// loggers in it: about 14 KB a call, and a plan makes four calls for each resource.
type lendingServer struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

func (s lendingServer) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return lend(ctx, req, s.ProviderServer.ValidateResourceConfig)
}

func (s lendingServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return lend(ctx, req, s.ProviderServer.UpgradeResourceState)
}

func (s lendingServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return lend(ctx, req, s.ProviderServer.ReadResource)
}

func (s lendingServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return lend(ctx, req, s.ProviderServer.PlanResourceChange)
}

func (s lendingServer) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return lend(ctx, req, s.ProviderServer.ApplyResourceChange)
}

// PlanAction validates the configuration first. The CLI validates an action only while the values of variables and resources are unknown, and not again
// when it plans or invokes the action, as it does with other blocks.
func (s lendingServer) PlanAction(ctx context.Context, req *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	errs, err := s.validateAction(ctx, req.ActionType, req.Config)
	if err != nil || len(errs) > 0 {
		return &tfprotov6.PlanActionResponse{Diagnostics: errs}, err
	}
	return s.ActionServer.PlanAction(ctx, req)
}

// InvokeAction validates the configuration first, as PlanAction does.
func (s lendingServer) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	errs, err := s.validateAction(ctx, req.ActionType, req.Config)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return &tfprotov6.InvokeActionServerStream{Events: func(push func(tfprotov6.InvokeActionEvent) bool) {
			push(tfprotov6.InvokeActionEvent{Type: tfprotov6.CompletedInvokeActionEventType{Diagnostics: errs}})
		}}, nil
	}
	return s.ActionServer.InvokeAction(ctx, req)
}

// validateAction returns the errors in the configuration of an action.
func (s lendingServer) validateAction(ctx context.Context, kind string, config *tfprotov6.DynamicValue) ([]*tfprotov6.Diagnostic, error) {
	resp, err := s.ValidateActionConfig(ctx, &tfprotov6.ValidateActionConfigRequest{ActionType: kind, Config: config})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(resp.Diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Severity != tfprotov6.DiagnosticSeverityError }), nil
}

// lend makes a call with a context that lets go of the caller's when the call has ended.
func lend[Q, R any](ctx context.Context, req Q, call func(context.Context, Q) (R, error)) (R, error) {
	var l lentContext
	l.lender.Store(&ctx)
	defer l.lender.Store(&ended)
	return call(&l, req)
}

// ended is what is left of the context of a call that has ended.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// lentContext is another context, as long as the call lasts.
type lentContext struct {
	lender atomic.Pointer[context.Context]
}

func (l *lentContext) get() context.Context { return *l.lender.Load() }

// Deadline implements [context.Context].
func (l *lentContext) Deadline() (time.Time, bool) { return l.get().Deadline() }

// Done implements [context.Context].
func (l *lentContext) Done() <-chan struct{} { return l.get().Done() }

// Err implements [context.Context].
func (l *lentContext) Err() error { return l.get().Err() }

// Value implements [context.Context].
func (l *lentContext) Value(key any) any { return l.get().Value(key) }
