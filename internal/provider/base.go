package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// resourceBase gives a resource what the provider configured.
type resourceBase struct {
	provider *providerData
}

// Configure implements [resource.ResourceWithConfigure].
func (b *resourceBase) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	b.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// client is nil while the provider's configuration is unknown, and when nothing was configured (validate).
func (b *resourceBase) client() *mlflow.Client {
	if b.provider == nil {
		return nil
	}
	return b.provider.client
}

// rules is how names compare on the provider's server, or while that is unknown, on the server that the state belongs to.
func (b *resourceBase) rules(ctx context.Context, private privateState) mlflow.NameRules {
	if b.client() != nil {
		return b.client()
	}
	if rules := rulesOf(markOf(ctx, private).Kind); rules != nil {
		return rules
	}
	return rulesOf(mlflow.KindServer) // different spellings may be different names
}

// rulesOf returns the name rules of a kind of server, nil if there is none of that kind.
func rulesOf(kind string) mlflow.NameRules {
	switch kind {
	case mlflow.KindDatabricks:
		return databricks.Names{}
	case mlflow.KindServer:
		return server.Names{}
	default:
		return nil
	}
}

// kept tells that a Read must keep the state because the provider's configuration is unknown.
func (b *resourceBase) kept(diags *diag.Diagnostics) bool {
	if b.client() != nil {
		return false
	}
	diags.AddWarning("Not refreshed: the mlflow provider's configuration is not known yet", b.provider.notReady())
	return true
}

// dataSourceBase gives a data source what the provider configured.
type dataSourceBase struct {
	provider *providerData
}

// Configure implements [datasource.DataSourceWithConfigure].
func (b *dataSourceBase) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	b.provider = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// ready gives the client, or nil and an error that names the unknown setting.
func (b *dataSourceBase) ready(diags *diag.Diagnostics) *mlflow.Client {
	if b.provider.client == nil {
		diags.AddError("Could not read: the mlflow provider's configuration is not known yet", b.provider.notReady())
	}
	return b.provider.client
}

func providerDataFrom(data any, diags *diag.Diagnostics) *providerData {
	if data == nil {
		return nil // the provider is not configured yet, as in validate
	}
	d, ok := data.(*providerData)
	if !ok {
		diags.AddError("Could not configure the resource", fmt.Sprintf("The provider handed over a %T. This is a bug: please report it.", data))
	}
	return d
}
