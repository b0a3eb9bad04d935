package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var _ datasource.DataSourceWithConfigure = (*permissionLevelsDataSource)(nil)

// permissionLevelsDataSource returns the levels that can be granted on an experiment.
type permissionLevelsDataSource struct{ framework.DataSourceBase }

type permissionLevelsModel struct {
	ExperimentID types.String `tfsdk:"experiment_id"`
	Levels       []levelModel `tfsdk:"levels"`
}

type levelModel struct {
	Level       types.String `tfsdk:"level"`
	Description types.String `tfsdk:"description"`
}

// NewPermissionLevelsDataSource returns the data source mlflow_experiment_permission_levels.
func NewPermissionLevelsDataSource() datasource.DataSource { return &permissionLevelsDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *permissionLevelsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permission_levels"
}

// Schema implements [datasource.DataSource].
func (d *permissionLevelsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the permission levels that can be granted on an experiment.",
		Attributes: map[string]schema.Attribute{
			"experiment_id": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "ID of the experiment. On an MLflow server, all experiments have the same levels.",
			},
			"levels": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Levels that can be granted. On an MLflow server, they depend on its version.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"level": schema.StringAttribute{
						Computed: true, MarkdownDescription: "Name of the level, for example `CAN_EDIT`, as used in the permission " +
							"resources.",
					},
					"description": schema.StringAttribute{
						Computed: true, MarkdownDescription: "Description of the level; on Databricks, as returned by the workspace. " +
							"Null if there is none.",
					},
				}},
			},
		},
	}
}

// Read implements [datasource.DataSource].
func (d *permissionLevelsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	client := d.ClientOrError(&resp.Diagnostics)
	var model permissionLevelsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := model.ExperimentID.ValueString()
	infos, err := client.AccessControl().Levels(ctx, id)
	switch {
	case rest.IsPermissionDenied(err): // reading levels requires less access than reading grants, so the advice for grants does not apply
		framework.AddError(&resp.Diagnostics, "read permission levels", framework.DescribeExperiment(id, ""), err)
		return
	case err != nil:
		experimentList(client, nil, id, "").Problem(ctx, err).AddError(&resp.Diagnostics, "read permission levels")
		return
	}
	model.Levels = []levelModel{}
	for _, info := range infos {
		level := levelModel{Level: types.StringValue(info.Level), Description: framework.OrNull(info.Description)}
		model.Levels = append(model.Levels, level)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}
