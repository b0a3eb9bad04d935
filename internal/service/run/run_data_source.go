package run

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var _ datasource.DataSourceWithConfigure = (*runDataSource)(nil)

// runDataSource reads one run.
type runDataSource struct{ framework.DataSourceBase }

type runDataModel struct {
	runDetails
	Workspace types.String `tfsdk:"workspace"`
}

// NewRunDataSource returns the data source mlflow_run.
func NewRunDataSource() datasource.DataSource { return &runDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *runDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_run"
}

// Schema implements [datasource.DataSource].
func (d *runDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := runDetailAttributes("")
	maps.Copy(attributes, map[string]schema.Attribute{
		attributeRunID:               runIDAttribute("ID of the run. A deleted run can be read until it is purged: see `lifecycle_stage`."),
		framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns a run by ID, with all its parameters and tags and the last value of each metric.",
		Attributes:          attributes,
	}
}

// Read implements [datasource.DataSource].
func (d *runDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config runDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := d.ClientIn(ctx, config.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	id := config.RunID.ValueString()
	found, err := client.GetRun(ctx, id)
	if err != nil {
		addReadError(&resp.Diagnostics, path.Root(attributeRunID), client, id, err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, runDataModel{newRunDetails(found), config.Workspace})...)
}

// runIDAttribute returns the schema of the argument run_id.
func runIDAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, Validators: []validator.String{runIDValidator}, MarkdownDescription: description}
}

// describeRun describes a run in messages.
func describeRun(id string) string { return fmt.Sprintf("run %q", id) }

// addReadError reports that a run cannot be read, at the argument with its ID.
func addReadError(diags *diag.Diagnostics, at path.Path, client *mlflow.Client, id string, err error) {
	diags.AddAttributeError(at, "Could not read run", framework.ErrorDetail(describeRun(id), err, missingRunAdvice(client, err)...))
}

// missingRunAdvice returns the advice for a run that does not exist, none for other errors.
func missingRunAdvice(client *mlflow.Client, err error) []string {
	if !rest.IsNotFound(err) {
		return nil
	}
	advice := "Check run_id: it is the part after /runs/ in the URL of the run. A run that was deleted and purged cannot be read."
	if client.Kind() == mlflow.KindServer {
		advice += " If the server has MLflow workspaces, set workspace to the one that contains the run."
	}
	return []string{advice}
}
