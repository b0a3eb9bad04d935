package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/connection"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Configure implements [provider.Provider]. It sends no request, so a plan without reads needs no server.
func (p *mlflowProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	data := &framework.ProviderData{Unknown: unknownSettings(req.Config)}
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("default_tags"), &data.DefaultTags)...)
	settings := connectionSettings(ctx, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData, resp.ActionData = data, data, data, data
	if len(data.Unknown) > 0 {
		return
	}
	settings.UserAgent = fmt.Sprintf("terraform-provider-mlflow/%s terraform/%s", p.version, req.TerraformVersion)
	conn, err := connection.Open(settings)
	if err != nil {
		addConnectionErrors(&resp.Diagnostics, err)
		return
	}
	for _, w := range conn.Warnings {
		addAttributeWarning(&resp.Diagnostics, w.Attribute, w.Summary, w.Detail)
	}
	data.Client = mlflow.New(clientOptions(ctx, req.Config, settings, conn, &resp.Diagnostics))
	resp.Diagnostics.Append(framework.CheckTags(path.Root("default_tags"), data.DefaultTags, data.Client)...)
}

// connectionSettings returns the connection settings from the attributes with the same names. Null and unknown attributes are unset.
func connectionSettings(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) connection.Settings {
	var settings connection.Settings
	for _, f := range settings.Fields() {
		at := path.Root(f.Attribute)
		switch setting := f.Value.(type) {
		case *string:
			var value types.String
			diags.Append(config.GetAttribute(ctx, at, &value)...)
			*setting = value.ValueString()
		case *bool:
			var value types.Bool
			diags.Append(config.GetAttribute(ctx, at, &value)...)
			*setting = value.ValueBool()
		case *time.Duration:
			var seconds types.Int64
			diags.Append(config.GetAttribute(ctx, at, &seconds)...)
			*setting = time.Duration(seconds.ValueInt64()) * time.Second
		}
	}
	return settings
}

// clientOptions returns the options of the client: the connection, the timeouts of the connection, and the arguments of the client itself.
func clientOptions(
	ctx context.Context, config tfsdk.Config, settings connection.Settings, conn *connection.Connection, diags *diag.Diagnostics,
) mlflow.Options {
	var rateLimit types.Float64
	var bulkRefresh types.Bool
	diags.Append(config.GetAttribute(ctx, path.Root("rate_limit"), &rateLimit)...)
	diags.Append(config.GetAttribute(ctx, path.Root("bulk_refresh"), &bulkRefresh)...)
	options := mlflow.Options{
		Backend:     databricks.Backend{},
		BulkRefresh: bulkRefresh.ValueBool(),
		Options: rest.Options{
			Endpoint: func(ctx context.Context) (rest.Endpoint, error) {
				t, err := conn.Resolve(ctx)
				return rest.Endpoint(t), err
			},
			Transport:    conn.Transport,
			Secrets:      conn.Secrets,
			Advice:       func(err error) string { return connection.Advice(err, conn.Kind) },
			HTTPTimeout:  settings.HTTPTimeout,
			RetryTimeout: settings.RetryTimeout,
			RateLimit:    rateLimit.ValueFloat64(),
			Log:          logExchange,
		},
	}
	if conn.Kind == connection.Server {
		options.Backend = &server.Backend{Username: conn.Username, Workspace: conn.Workspace}
		options.BulkRefresh = options.BulkRefresh || bulkRefresh.IsNull() // the search of an MLflow server is consistent
	}
	return options
}

// unknownSettings returns the unknown attributes on which the connection depends.
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

// addConnectionErrors adds each error at the attribute that it is about.
func addConnectionErrors(diags *diag.Diagnostics, err error) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			addConnectionErrors(diags, e)
		}
		return
	}
	var invalid *connection.Error
	switch {
	case !errors.As(err, &invalid):
		diags.AddError("Could not configure provider", err.Error())
	case invalid.Attribute == "":
		diags.AddError(invalid.Summary, invalid.Detail)
	default:
		diags.AddAttributeError(path.Root(invalid.Attribute), invalid.Summary, invalid.Detail)
	}
}

func addAttributeWarning(diags *diag.Diagnostics, attribute, summary, detail string) {
	if attribute == "" {
		diags.AddWarning(summary, detail)
		return
	}
	diags.AddAttributeWarning(path.Root(attribute), summary, detail)
}

// logExchange logs each request at DEBUG, and the bodies at TRACE. It never logs headers.
func logExchange(ctx context.Context, e rest.Exchange) {
	fields := map[string]any{
		"method": e.Method, "path": e.Path, "status": e.Status, "attempt": e.Attempt,
		"milliseconds": e.Duration.Milliseconds(), "request_id": e.RequestID,
	}
	if e.Err != nil {
		fields["error"] = e.Err.Error()
	}
	tflog.Debug(ctx, "MLflow request", fields)
	tflog.Trace(ctx, "MLflow request and response bodies", map[string]any{
		"method": e.Method, "path": e.Path, "request": e.RequestBody, "response": e.ResponseBody,
	})
}
