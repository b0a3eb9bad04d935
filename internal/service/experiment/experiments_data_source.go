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

// experimentsDataSource searches experiments.
type experimentsDataSource struct{ framework.DataSourceBase }

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
		MarkdownDescription: "Searches experiments and gives every match, however many pages that takes. Without arguments: all active experiments that you " +
			"may read. `ids` goes straight into a `for_each`.",
		Attributes: framework.WithSearchAttributes(map[string]schema.Attribute{
			"experiments": schema.ListNestedAttribute{
				Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: experimentDetailAttributes()},
				MarkdownDescription: "What was found, each once, in the order of `order_by`, else by name.",
			},
			"ids": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Ids by name of what was found. Of several experiments with one name the active one counts, else the newest.",
			},
			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
		}),
	}
}

// ConfigValidators implements [datasource.DataSourceWithConfigValidators].
func (d *experimentsDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return framework.SearchConflicts()
}

// ValidateConfig refuses what can't be searched for before the server is asked.
func (d *experimentsDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
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

// idsByName gives the ids by name: of several experiments with one name the active one, else the newest.
func idsByName(found []mlflow.Experiment) map[string]string {
	best := make(map[string]mlflow.Experiment, len(found))
	for _, e := range found {
		b, taken := best[e.Name]
		if !taken || b.Deleted() && (!e.Deleted() || e.CreationTime > b.CreationTime) {
			best[e.Name] = e
		}
	}
	ids := make(map[string]string, len(best))
	for name, e := range best {
		ids[name] = e.ID
	}
	return ids
}
