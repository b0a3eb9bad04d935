package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/connection"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// providerData is what Configure hands to every resource and data source.
type providerData struct {
	// client is nil while a setting of the provider block is unknown.
	client *mlflow.Client
	// unknown names those settings.
	unknown []string
	// defaultTags may be null, unknown, or hold unknown values.
	defaultTags types.Map
	// run is shared by all objects of this provider configuration.
	run RunState
}

// Configure makes no call to any server: a plan that reads nothing needs none.
func (p *mlflowProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{defaultTags: model.DefaultTags, unknown: unknownSettings(req.Config)}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData = data, data, data
	if len(data.unknown) > 0 {
		return
	}
	userAgent := fmt.Sprintf("terraform-provider-mlflow/%s terraform/%s", p.version, req.TerraformVersion)
	conn, err := connection.Open(model.settings(userAgent))
	if err != nil {
		addConnectionErrors(&resp.Diagnostics, err)
		return
	}
	for _, w := range conn.Warnings {
		addAttributeWarning(&resp.Diagnostics, w.Attribute, w.Summary, w.Detail)
	}
	data.client = newClient(conn, model)
	resp.Diagnostics.Append(checkTags(path.Root("default_tags"), model.DefaultTags, data.client)...)
}

func newClient(conn *connection.Connection, model providerModel) *mlflow.Client {
	var backend mlflow.Backend = databricks.Backend{}
	bulkRefresh := model.BulkRefresh.ValueBool()
	if conn.Kind == connection.Server {
		bulkRefresh = bulkRefresh || model.BulkRefresh.IsNull() // its search reads the same database
		backend = &server.Backend{Username: conn.Username, Workspace: conn.Workspace}
	}
	return mlflow.New(mlflow.Options{
		Backend:     backend,
		BulkRefresh: bulkRefresh,
		Options: rest.Options{
			Endpoint: func(ctx context.Context) (rest.Endpoint, error) {
				t, err := conn.Resolve(ctx)
				return rest.Endpoint(t), err
			},
			Transport:    conn.Transport,
			Secrets:      conn.Secrets,
			Advice:       func(err error) string { return connection.Advice(err, conn.Kind) },
			HTTPTimeout:  seconds(model.HTTPTimeoutSeconds),
			RetryTimeout: seconds(model.RetryTimeoutSeconds),
			RateLimit:    model.RateLimit.ValueFloat64(),
			Log:          logExchange,
		},
	})
}

// unknownSettings lists the settings that decide about the connection and are not known yet.
func unknownSettings(config tfsdk.Config) []string {
	var attributes map[string]tftypes.Value
	if err := config.Raw.As(&attributes); err != nil {
		return nil
	}
	var unknown []string
	for name, value := range attributes {
		if name != "default_tags" && !value.IsFullyKnown() {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// addConnectionErrors puts each refused setting at its attribute.
func addConnectionErrors(diags *diag.Diagnostics, err error) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			addConnectionErrors(diags, e)
		}
		return
	}
	var refused *connection.Error
	switch {
	case !errors.As(err, &refused):
		diags.AddError("Could not configure the mlflow provider", err.Error())
	case refused.Attribute == "":
		diags.AddError(refused.Summary, refused.Detail)
	default:
		diags.AddAttributeError(path.Root(refused.Attribute), refused.Summary, refused.Detail)
	}
}

func addAttributeWarning(diags *diag.Diagnostics, attribute, summary, detail string) {
	if attribute == "" {
		diags.AddWarning(summary, detail)
		return
	}
	diags.AddAttributeWarning(path.Root(attribute), summary, detail)
}

// logExchange writes one line a call at DEBUG, and bodies at TRACE. Headers are never logged.
func logExchange(ctx context.Context, e rest.Exchange) {
	fields := map[string]any{
		"method": e.Method, "path": e.Path, "status": e.Status, "attempt": e.Attempt,
		"milliseconds": e.Duration.Milliseconds(), "request_id": e.RequestID,
	}
	if e.Err != nil {
		fields["error"] = e.Err.Error()
	}
	tflog.Debug(ctx, "MLflow call", fields)
	tflog.Trace(ctx, "MLflow call bodies", map[string]any{
		"method": e.Method, "path": e.Path, "request": e.RequestBody, "response": e.ResponseBody,
	})
}

// notReady words that the provider's configuration is not known yet.
func (d *providerData) notReady() string {
	return fmt.Sprintf("The provider block's %s is known only after apply. Apply first what it comes from, for example with -target, or set it "+
		"from a variable or the environment.", strings.Join(d.unknown, ", "))
}
