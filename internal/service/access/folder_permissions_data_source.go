package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

var _ datasource.DataSourceWithConfigure = (*folderPermissionsDataSource)(nil)

// folderPermissionsDataSource returns the direct, inherited, and effective permissions of a folder.
type folderPermissionsDataSource struct{ framework.DataSourceBase }

// NewFolderPermissionsDataSource returns the data source mlflow_folder_permissions.
func NewFolderPermissionsDataSource() datasource.DataSource { return &folderPermissionsDataSource{} }

type folderPermissionsDataModel struct {
	permissionsModel

	ID   types.String `tfsdk:"id"`
	Path types.String `tfsdk:"path"`
}

// Metadata implements [datasource.DataSource].
func (d *folderPermissionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_folder_permissions"
}

// Schema implements [datasource.DataSource].
func (d *folderPermissionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := permissionsAttributes()
	attributes["id"] = schema.StringAttribute{Computed: true, MarkdownDescription: "Object ID of the folder."}
	attributes[attributePath] = schema.StringAttribute{
		Required: true, Validators: []validator.String{folderPathValidator{databricks.CheckReadableFolderPath}},
		MarkdownDescription: "Path of the folder, for example `/Projects/retail`. The `/Workspace` prefix and a trailing slash are " +
			"optional. `/`, `/Repos`, and Git folders are not supported.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the direct, inherited, and effective permissions of a folder of a Databricks workspace. Reading " +
			"them requires `CAN_MANAGE`. Not supported on MLflow servers, which have no folders.",
		Attributes: attributes,
	}
}

// Read implements [datasource.DataSource].
func (d *folderPermissionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data folderPermissionsDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	client := d.ClientOrError(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	folders, ok := foldersOrError(client, &resp.Diagnostics)
	if !ok {
		return
	}
	model := folderPermissionsModel{Path: data.Path}
	folder, err := folders.Find(ctx, data.Path.ValueString())
	if err != nil {
		framework.AddError(&resp.Diagnostics, "read permissions", model.folder(), err, notFolderAdvice(err)...)
		return
	}
	data.ID = types.StringValue(folder.ID)
	model.ID = data.ID
	list, problem := folderList(client, nil, folders, &model).Read(ctx)
	if problem != nil {
		problem.AddError(&resp.Diagnostics, "read permissions")
		return
	}
	inherited := map[string]map[string]bool{data.Path.ValueString(): databricks.InheritedFolders(list)}
	data.setFromACL(list, d.Folders().Origins(ctx, client, inherited))
	resp.Diagnostics.Append(resp.State.Set(ctx, &data)...)
}
