package acctest

import (
	"context"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// SecretChecker is a provider server that checks all responses for secrets and internal messages of servers.
type SecretChecker struct {
	tfprotov6.ProviderServer
	T testing.TB
}

// SecretPattern matches texts that no diagnostic and no state may contain: messages of databases and web servers, hashes, and passwords.
var SecretPattern = regexp.MustCompile(
	`(?i)IntegrityError|\[SQL|\[parameters|sqlalche|sqlite3|INSERT INTO|UPDATE experiments|` +
		`pbkdf2|scrypt:|<html|<!doctype|<p>|Traceback|-password-`,
)

func (w SecretChecker) check(what string, diagnostics []*tfprotov6.Diagnostic, states ...*tfprotov6.DynamicValue) {
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
func (w SecretChecker) ConfigureProvider(
	ctx context.Context,
	req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := w.ProviderServer.ConfigureProvider(ctx, req)
	w.check("configure", resp.Diagnostics)
	return resp, err
}

// PlanResourceChange implements [tfprotov6.ProviderServer].
func (w SecretChecker) PlanResourceChange(
	ctx context.Context,
	req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := w.ProviderServer.PlanResourceChange(ctx, req)
	w.check("plan of "+req.TypeName, resp.Diagnostics, resp.PlannedState)
	return resp, err
}

// ApplyResourceChange implements [tfprotov6.ProviderServer].
func (w SecretChecker) ApplyResourceChange(
	ctx context.Context,
	req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := w.ProviderServer.ApplyResourceChange(ctx, req)
	w.check("apply of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ReadResource implements [tfprotov6.ProviderServer].
func (w SecretChecker) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := w.ProviderServer.ReadResource(ctx, req)
	w.check("refresh of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ImportResourceState implements [tfprotov6.ProviderServer].
func (w SecretChecker) ImportResourceState(
	ctx context.Context,
	req *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := w.ProviderServer.ImportResourceState(ctx, req)
	w.check("import of "+req.TypeName, resp.Diagnostics)
	return resp, err
}

// ReadDataSource implements [tfprotov6.ProviderServer].
func (w SecretChecker) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := w.ProviderServer.ReadDataSource(ctx, req)
	w.check("read of "+req.TypeName, resp.Diagnostics, resp.State)
	return resp, err
}
