package provider_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/acctest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/provider"
)

type contextKey struct{}

// served is a provider with the server that main uses, and the state of an experiment.
func served(t *testing.T) (w *acctest.Workspace, d *acctest.Provider, m managed) {
	t.Helper()
	w = acctest.NewWorkspace(t)
	id := w.CreateExperiment(emulator.Admin, "/Shared/churn", nil)
	d = command(t, w, false)
	m = manage(d, experimentKind, map[string]any{"id": id})
	server := provider.Server("test")()
	config := d.Encode(d.Schemas.Provider, map[string]any{"host": w.URL, "token": emulator.AdminToken})
	if _, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config}); err != nil {
		t.Fatal(err)
	}
	d.Server = server
	return w, d, m
}

// TestServer_keepsNoContexts checks that the values in the context of a call are released when the call ends.
func TestServer_keepsNoContexts(t *testing.T) {
	t.Parallel()
	_, d, m := served(t)
	for name, call := range map[string]func(context.Context) error{
		"validate": func(ctx context.Context) error {
			_, err := d.Server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: m.kind, Config: m.state})
			return err
		},
		"upgrade": func(ctx context.Context) error {
			_, err := d.Server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
				TypeName: m.kind, RawState: &tfprotov6.RawState{JSON: []byte(`{"id":"1"}`)},
			})
			return err
		},
		"read": func(ctx context.Context) error {
			_, err := d.Server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: m.kind, CurrentState: m.state})
			return err
		},
		"plan": func(ctx context.Context) error {
			_, err := d.Server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
				TypeName: m.kind, PriorState: m.state, ProposedNewState: m.state, Config: m.state,
			})
			return err
		},
		"apply": func(ctx context.Context) error {
			_, err := d.Server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
				TypeName: m.kind, PriorState: m.state, PlannedState: m.state, Config: m.state,
			})
			return err
		},
		"function": func(ctx context.Context) error {
			review, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, tftypes.NewValue(tftypes.Tuple{}, []tftypes.Value{}))
			if err != nil {
				return err
			}
			_, err = d.Server.CallFunction(ctx, &tfprotov6.CallFunctionRequest{
				Name: "review_snapshot", Arguments: []*tfprotov6.DynamicValue{&review},
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			left := callWithLoad(t, call)
			runtime.GC()
			if left.Value() != nil {
				t.Error("the context of a call that has ended was not released")
			}
		})
	}
}

// callWithLoad makes a call whose context contains a large value, and returns a weak pointer to the value.
func callWithLoad(t *testing.T, call func(context.Context) error) weak.Pointer[[1 << 20]byte] {
	t.Helper()
	load := new([1 << 20]byte)
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), contextKey{}, load))
	defer cancel() // as the plugin's transport does
	if err := call(ctx); err != nil {
		t.Fatal(err)
	}
	return weak.Make(load)
}

// TestServer_cancels checks that a call ends when its context is canceled.
func TestServer_cancels(t *testing.T) {
	t.Parallel()
	w, d, m := served(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.Inject(emulator.Fault{Path: acctest.ExperimentsPath + "get", Delay: time.Hour, Times: -1})
	w.Before("GET", acctest.ExperimentsPath+"get", func(*http.Request) { cancel() })
	resp, err := d.Server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: m.kind, CurrentState: m.state})
	if err != nil || len(resp.Diagnostics) == 0 {
		t.Errorf("a canceled read returns %v, %v", resp, err)
	}
}

// TestServer_extensions wraps servers without list resources and actions, which are optional parts of the protocol.
func TestServer_extensions(t *testing.T) {
	t.Parallel()
	server := provider.Server("test")()
	if _, ok := server.(tfprotov6.ListResourceServer); !ok {
		t.Error("the server has no list resources")
	}
	actions, ok := server.(tfprotov6.ActionServer)
	if !ok {
		t.Fatal("the server has no actions")
	}
	resp, err := actions.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: "mlflow_none"})
	if err != nil || len(resp.Diagnostics) == 0 {
		t.Errorf("planning an action that does not exist: %v, %v", resp, err)
	}
}
