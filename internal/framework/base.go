// Package framework contains what the resources, data sources, and actions of the provider share: base types with the client, the state of
// a run, the server that a state belongs to, identities, references to experiments, searches, tag maps, and diagnostics.
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

// ResourceBase is embedded in every resource. It has the client and the other data of the provider configuration.
type ResourceBase struct {
	Provider *ProviderData
	workspaceSelection
}

// Configure implements [resource.ResourceWithConfigure].
func (b *ResourceBase) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	// The framework creates and configures a resource for each operation. What must last longer belongs to ProviderData.
	b.Provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// Client returns the client of the workspace that the operation acts in. It is nil while the provider configuration or the workspace is
// unknown, and if the provider is not configured, as in validate.
func (b *ResourceBase) Client() *mlflow.Client {
	if b.Provider == nil {
		return nil
	}
	return b.clientOr(b.Provider.Client)
}

// Rules returns how names compare on the provider's server or, while that is unknown, on the server that the state belongs to.
func (b *ResourceBase) Rules(ctx context.Context, private PrivateState) mlflow.NameRules {
	if b.Provider != nil && b.Provider.Client != nil {
		return b.Provider.Client // they are the same in all workspaces
	}
	if rules := RulesOf(MarkOf(ctx, private).Kind); rules != nil {
		return rules
	}
	return RulesOf(mlflow.KindServer) // these treat different spellings as different names
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

// KeepStateIfUnconfigured reports whether Read must keep the state because the provider configuration is unknown. It adds a warning if so.
func (b *ResourceBase) KeepStateIfUnconfigured(diags *diag.Diagnostics) bool {
	if b.Client() != nil {
		return false
	}
	diags.AddWarning("State not refreshed: provider configuration is unknown", b.Provider.UnknownConfigDetail())
	return true
}

// DataSourceBase is embedded in every data source. It has the client and the other data of the provider configuration.
type DataSourceBase struct {
	provider *ProviderData
	workspaceSelection
}

// Configure implements [datasource.DataSourceWithConfigure].
func (b *DataSourceBase) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	b.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// ClientOrError returns the client. If the provider configuration is unknown, it returns nil and adds an error.
func (b *DataSourceBase) ClientOrError(diags *diag.Diagnostics) *mlflow.Client {
	if b.provider.Client == nil {
		diags.AddError("Could not read: provider configuration is unknown", b.provider.UnknownConfigDetail())
	}
	return b.clientOr(b.provider.Client)
}

// Folders returns the folders of a Databricks workspace that this run has read.
func (b *DataSourceBase) Folders() *databricks.FolderIndex { return &b.provider.Run.Folders }

// ActionBase is embedded in every action. It has the client and the other data of the provider configuration.
type ActionBase struct {
	provider *ProviderData
	workspaceSelection
}

// Configure implements [action.ActionWithConfigure].
func (b *ActionBase) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	b.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// ClientIn returns the client for the workspace of the argument, or for the provider's workspace if it is null. It returns nil after an
// error, and in a plan while the provider configuration or the workspace is unknown.
func (b *ActionBase) ClientIn(ctx context.Context, workspace types.String, diags *diag.Diagnostics) *mlflow.Client {
	if b.provider == nil || !b.selectWorkspace(b.provider.Client, workspace, diags) || !b.checkSupported(ctx, diags) {
		return nil
	}
	return b.clientOr(b.provider.Client)
}

// ClientOrError is ClientIn for Invoke, where an unknown provider configuration is an error.
func (b *ActionBase) ClientOrError(ctx context.Context, workspace types.String, diags *diag.Diagnostics) *mlflow.Client {
	if b.provider == nil || b.provider.Client == nil {
		diags.AddError("Could not invoke action: provider configuration is unknown", b.provider.UnknownConfigDetail())
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
		diags.AddError("Invalid provider data", fmt.Sprintf("The provider passed a value of type %T. This is a bug in the provider. Report it.",
			data))
	}
	return d
}
