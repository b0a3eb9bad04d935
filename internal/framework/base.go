// Package framework has what every object of the provider shares: the base types that bring the client, the state of one run, the mark of the
// server that a state belongs to, identities, references to experiments, searches, tag maps, and diagnostics. It knows no object.
package framework

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// ResourceBase gives a resource what the provider configured.
type ResourceBase struct {
	Provider *ProviderData
	place
}

// Configure implements [resource.ResourceWithConfigure].
func (b *ResourceBase) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	// The framework creates and configures a resource for each operation. What must last longer belongs to ProviderData.
	b.Provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// Client returns the client of the workspace that the operation acts in. It is nil while the provider's configuration or the workspace is unknown, and
// when nothing was configured (validate).
func (b *ResourceBase) Client() *mlflow.Client {
	if b.Provider == nil {
		return nil
	}
	return b.in(b.Provider.Client)
}

// Rules is how names compare on the provider's server, or while that is unknown, on the server that the state belongs to.
func (b *ResourceBase) Rules(ctx context.Context, private PrivateState) mlflow.NameRules {
	if b.Provider != nil && b.Provider.Client != nil {
		return b.Provider.Client // they are the same in all workspaces
	}
	if rules := RulesOf(MarkOf(ctx, private).Kind); rules != nil {
		return rules
	}
	return RulesOf(mlflow.KindServer) // different spellings may be different names
}

// RulesOf returns the name rules of a kind of server, nil if there is none of that kind.
func RulesOf(kind string) mlflow.NameRules {
	switch kind {
	case mlflow.KindDatabricks:
		return databricks.Names{}
	case mlflow.KindServer:
		return server.Names{}
	default:
		return nil
	}
}

// KeepStateIfUnconfigured tells that a Read must keep the state because the provider's configuration is unknown.
func (b *ResourceBase) KeepStateIfUnconfigured(diags *diag.Diagnostics) bool {
	if b.Client() != nil {
		return false
	}
	diags.AddWarning("Not refreshed: the mlflow provider's configuration is not known yet", b.Provider.UnknownConfigDetail())
	return true
}

// DataSourceBase gives a data source what the provider configured.
type DataSourceBase struct {
	provider *ProviderData
	place
}

// Configure implements [datasource.DataSourceWithConfigure].
func (b *DataSourceBase) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	b.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// ClientOrError gives the client, or nil and an error that names the unknown setting.
func (b *DataSourceBase) ClientOrError(diags *diag.Diagnostics) *mlflow.Client {
	if b.provider.Client == nil {
		diags.AddError("Could not read: the mlflow provider's configuration is not known yet", b.provider.UnknownConfigDetail())
	}
	return b.in(b.provider.Client)
}

// Folders returns what this run knows about the folders of a Databricks workspace.
func (b *DataSourceBase) Folders() *databricks.FolderIndex { return &b.provider.Run.Folders }

// ActionBase gives an action what the provider configured.
type ActionBase struct {
	provider *ProviderData
	place
}

// Configure implements [action.ActionWithConfigure].
func (b *ActionBase) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	b.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// ClientIn returns the client for the workspace of the argument, the provider's workspace if it is null. It is nil after an error, and without one while
// a setting of the provider or the workspace is unknown, which both are only in a plan.
func (b *ActionBase) ClientIn(ctx context.Context, workspace types.String, diags *diag.Diagnostics) *mlflow.Client {
	if b.provider == nil || !b.use(b.provider.Client, workspace, diags) || !b.check(ctx, diags) {
		return nil
	}
	return b.in(b.provider.Client)
}

// ClientOrError is ClientIn for Invoke: an unknown setting is an error there.
func (b *ActionBase) ClientOrError(ctx context.Context, workspace types.String, diags *diag.Diagnostics) *mlflow.Client {
	if b.provider == nil || b.provider.Client == nil {
		diags.AddError("Could not invoke action", "The configuration of the mlflow provider is unknown. "+b.provider.UnknownConfigDetail())
		return nil
	}
	return b.ClientIn(ctx, workspace, diags)
}

func providerDataFrom(data any, diags *diag.Diagnostics) *ProviderData {
	if data == nil {
		return nil // the provider is not configured yet, as in validate
	}
	d, ok := data.(*ProviderData)
	if !ok {
		diags.AddError("Could not configure the resource", fmt.Sprintf("The provider handed over a %T. This is a bug: please report it.", data))
	}
	return d
}
