package provider

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/governance"
)

// Server returns the constructor of the provider's server, as tf6server expects it. The version is sent to the MLflow server.
func Server(version string) func() tfprotov6.ProviderServer {
	return func() tfprotov6.ProviderServer {
		full := providerserver.NewProtocol6(New(version)())()
		lists, _ := full.(tfprotov6.ListResourceServer)
		actions, _ := full.(tfprotov6.ActionServer)
		return scopedServer{full, lists, actions}
	}
}

// scopedServer passes contexts to the framework's server that release the caller's context when the call returns. The framework keeps
// the context of every call until the process ends, with all loggers in it: about 14 KB per call, and a plan makes four calls for each
// resource.
type scopedServer struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

func (s scopedServer) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return withScopedContext(ctx, req, s.ProviderServer.ValidateResourceConfig)
}

func (s scopedServer) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return withScopedContext(ctx, req, s.ProviderServer.UpgradeResourceState)
}

func (s scopedServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return withScopedContext(ctx, req, s.ProviderServer.ReadResource)
}

func (s scopedServer) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	return withScopedContext(ctx, req, s.ProviderServer.PlanResourceChange)
}

func (s scopedServer) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return withScopedContext(ctx, req, s.ProviderServer.ApplyResourceChange)
}

// CallFunction implements [tfprotov6.FunctionServer].
func (s scopedServer) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	type request = *tfprotov6.CallFunctionRequest
	return governance.CallFunction(ctx, req, func(ctx context.Context, req request) (*tfprotov6.CallFunctionResponse, error) {
		return withScopedContext(ctx, req, s.ProviderServer.CallFunction)
	})
}

// withScopedContext makes a call with a context that releases ctx when the call returns.
func withScopedContext[Q, R any](ctx context.Context, req Q, call func(context.Context, Q) (R, error)) (R, error) {
	var scoped scopedContext
	scoped.scope.Store(&ctx)
	defer scoped.scope.Store(&endedContext)
	return call(&scoped, req)
}

// endedContext replaces the context of a call that has returned.
var endedContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// scopedContext is the context of a call until it returns, then a canceled one.
type scopedContext struct {
	scope atomic.Pointer[context.Context]
}

func (c *scopedContext) get() context.Context { return *c.scope.Load() }

// Deadline implements [context.Context].
func (c *scopedContext) Deadline() (time.Time, bool) { return c.get().Deadline() }

// Done implements [context.Context].
func (c *scopedContext) Done() <-chan struct{} { return c.get().Done() }

// Err implements [context.Context].
func (c *scopedContext) Err() error { return c.get().Err() }

// Value implements [context.Context].
func (c *scopedContext) Value(key any) any { return c.get().Value(key) }
