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

func (c SecretChecker) check(operation string, diagnostics []*tfprotov6.Diagnostic, states ...*tfprotov6.DynamicValue) {
	c.T.Helper()
	if found := SecretPattern.FindString(DescribeDiagnostics(diagnostics)); found != "" {
		c.T.Errorf("diagnostics of %s contain %q: %q", operation, found, DescribeDiagnostics(diagnostics))
	}
	for _, state := range states {
		if state != nil && SecretPattern.Match(state.MsgPack) {
			c.T.Errorf("state after %s contains %q", operation, SecretPattern.Find(state.MsgPack))
		}
	}
}

// ConfigureProvider implements [tfprotov6.ProviderServer].
func (c SecretChecker) ConfigureProvider(
	ctx context.Context,
	req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := c.ProviderServer.ConfigureProvider(ctx, req)
	c.check("configure", resp.Diagnostics)
	return resp, err
}

// PlanResourceChange implements [tfprotov6.ProviderServer].
func (c SecretChecker) PlanResourceChange(
	ctx context.Context,
	req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := c.ProviderServer.PlanResourceChange(ctx, req)
	c.check("plan of "+req.TypeName, resp.Diagnostics, resp.PlannedState)
	return resp, err
}

// ApplyResourceChange implements [tfprotov6.ProviderServer].
func (c SecretChecker) ApplyResourceChange(
	ctx context.Context,
	req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := c.ProviderServer.ApplyResourceChange(ctx, req)
	c.check("apply of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ReadResource implements [tfprotov6.ProviderServer].
func (c SecretChecker) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := c.ProviderServer.ReadResource(ctx, req)
	c.check("refresh of "+req.TypeName, resp.Diagnostics, resp.NewState)
	return resp, err
}

// ImportResourceState implements [tfprotov6.ProviderServer].
func (c SecretChecker) ImportResourceState(
	ctx context.Context,
	req *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := c.ProviderServer.ImportResourceState(ctx, req)
	c.check("import of "+req.TypeName, resp.Diagnostics)
	return resp, err
}

// ReadDataSource implements [tfprotov6.ProviderServer].
func (c SecretChecker) ReadDataSource(
	ctx context.Context,
	req *tfprotov6.ReadDataSourceRequest,
) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := c.ProviderServer.ReadDataSource(ctx, req)
	c.check("read of "+req.TypeName, resp.Diagnostics, resp.State)
	return resp, err
}
