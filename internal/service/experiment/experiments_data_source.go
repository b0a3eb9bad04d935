package experiment

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

var (
	_ datasource.DataSourceWithConfigure        = (*experimentsDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*experimentsDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig   = (*experimentsDataSource)(nil)
)

// experimentsDataSource is the data source mlflow_experiments.
type experimentsDataSource struct{ framework.DataSourceBase }

// experimentsModel is the data source mlflow_experiments in a configuration and in a state.
type experimentsModel struct {
	framework.SearchArguments
	Experiments []experimentDetails `tfsdk:"experiments"`
	IDs         types.Map           `tfsdk:"ids"`
	Workspace   types.String        `tfsdk:"workspace"`
}

// NewExperimentsDataSource returns the data source mlflow_experiments.
func NewExperimentsDataSource() datasource.DataSource { return &experimentsDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *experimentsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiments"
}

// Schema implements [datasource.DataSource].
func (d *experimentsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Searches experiments and returns all matches. By default, it returns all active experiments that the current " +
			"user can read.",
		Attributes: framework.WithSearchAttributes(map[string]schema.Attribute{
			"experiments": schema.ListNestedAttribute{
				Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: experimentDetailAttributes()},
				MarkdownDescription: "Matching experiments, in `order_by` order, or by name.",
			},
			"ids": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Map of experiment name to ID, for example for `for_each`. If several experiments have the same " +
					"name, the map contains the ID of the active one, or of the newest one if none is active.",
			},
			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
		}),
	}
}

// ConfigValidators implements [datasource.DataSourceWithConfigValidators].
func (d *experimentsDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return framework.SearchConflicts()
}

// ValidateConfig adds errors for arguments that the search language cannot express. It sends no request.
func (d *experimentsDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	var config experimentsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(config.Validate()...)
}

// Read implements [datasource.DataSource].
func (d *experimentsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model experimentsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	client := d.ClientIn(ctx, model.Workspace, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := model.Find(ctx, client)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Experiments = make([]experimentDetails, 0, len(found))
	for _, e := range found {
		details, err := newExperimentDetails(ctx, client, e)
		if err != nil {
			framework.AddError(&resp.Diagnostics, "read experiment", framework.DescribeExperiment(e.ID, e.Name), err)
			return
		}
		model.Experiments = append(model.Experiments, details)
	}
	model.IDs = framework.StringMapValue(idsByName(found))
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// idsByName returns the experiment IDs by name. Of several experiments with the same name, it returns the active one, or else the newest.
func idsByName(experiments []mlflow.Experiment) map[string]string {
	selected := make(map[string]mlflow.Experiment, len(experiments))
	for _, e := range experiments {
		other, found := selected[e.Name]
		if !found || other.Deleted() && (!e.Deleted() || e.CreationTime > other.CreationTime) {
			selected[e.Name] = e
		}
	}
	ids := make(map[string]string, len(selected))
	for name, e := range selected {
		ids[name] = e.ID
	}
	return ids
}
