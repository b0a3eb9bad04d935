package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

var _ datasource.DataSourceWithConfigure = (*experimentPermissionsDataSource)(nil)

// experimentPermissionsDataSource returns the direct, inherited, and effective permissions of an experiment.
type experimentPermissionsDataSource struct{ framework.DataSourceBase }

// NewExperimentPermissionsDataSource returns the data source mlflow_experiment_permissions.
func NewExperimentPermissionsDataSource() datasource.DataSource {
	return &experimentPermissionsDataSource{}
}

type experimentPermissionsDataModel struct {
	permissionsModel

	ExperimentID types.String `tfsdk:"experiment_id"`
	Workspace    types.String `tfsdk:"workspace"`
}

// Metadata implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permissions"
}

// Schema implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := permissionsAttributes()
	attributes["experiment_id"] = schema.StringAttribute{
		Required: true, MarkdownDescription: "ID of the experiment.", Validators: []validator.String{framework.ExperimentIDValidator},
	}
	attributes[framework.AttributeWorkspace] = framework.WorkspaceDataAttribute()
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the direct, inherited, and effective permissions of an experiment. On Databricks, " +
			"reading them requires `CAN_MANAGE`.",
		Attributes: attributes,
	}
}

// Read implements [datasource.DataSource].
func (d *experimentPermissionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data experimentPermissionsDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	client := d.ClientIn(ctx, data.Workspace, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	list, problem := experimentList(client, nil, data.ExperimentID.ValueString(), "").Read(ctx)
	if problem != nil {
		problem.AddError(&resp.Diagnostics, "read permissions")
		return
	}
	data.setFromACL(list, folderPaths(ctx, client, d.Folders(), data.ExperimentID.ValueString(), list))
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}

// folderPaths returns the paths of the folders that grants on an experiment are inherited from, as far as they can be determined. It sends
// no request if the only one is the root.
func folderPaths(ctx context.Context, client *mlflow.Client, folders *databricks.FolderIndex, id string, acl mlflow.ACL) map[string]string {
	objects := map[string]map[string]bool{}
	if inherited := databricks.InheritedFolders(acl); len(inherited) > 0 {
		if e, err := client.GetExperiment(ctx, id); err == nil {
			objects[e.Name] = inherited
		}
	}
	return folders.Origins(ctx, client, objects)
}
