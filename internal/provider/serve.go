package provider

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/governance"
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

// CallFunction implements [tfprotov6.FunctionServer].
func (s lendingServer) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return governance.CallFunction(ctx, req, func(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
		return lend(ctx, req, s.ProviderServer.CallFunction)
	})
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
