package server

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

var _ datasource.DataSourceWithConfigure = (*workspacesDataSource)(nil)

// workspacesDataSource lists the workspaces of an MLflow server.
type workspacesDataSource struct{ framework.DataSourceBase }

type workspacesModel struct {
	Workspaces []listedWorkspace `tfsdk:"workspaces"`
}

type listedWorkspace struct {
	Name                types.String `tfsdk:"name"`
	Description         types.String `tfsdk:"description"`
	DefaultArtifactRoot types.String `tfsdk:"default_artifact_root"`
}

// NewWorkspacesDataSource returns the data source mlflow_workspaces.
func NewWorkspacesDataSource() datasource.DataSource { return &workspacesDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *workspacesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workspaces"
}

// Schema implements [datasource.DataSource].
func (d *workspacesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the workspaces of an MLflow server: all of them for a server admin, otherwise only those that the " +
			"current user can access. Requires MLflow 3.10 or newer, started with `--enable-workspaces`. Not supported on Databricks.",
		Attributes: map[string]schema.Attribute{
			"workspaces": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Workspaces that the current user can access, ordered by name.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name":        text("Name of the workspace."),
					"description": text("Description of the workspace. Null if it is empty."),
					"default_artifact_root": text("Location where experiments of the workspace store artifacts. Null if the workspace uses the artifact " +
						"storage of the server."),
				}},
			},
		},
	}
}

// Read implements [datasource.DataSource].
func (d *workspacesDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	client := d.ClientOrError(&resp.Diagnostics)
	if client == nil {
		return
	}
	dir := framework.Directory(client, workspacesNoun, &resp.Diagnostics)
	if dir == nil {
		return
	}
	list, err := dir.Workspaces(ctx)
	if err != nil {
		if framework.IsUnsupported(err) {
			framework.AddUnsupportedError(&resp.Diagnostics, workspacesNoun, err)
			return
		}
		framework.AddError(&resp.Diagnostics, "read workspaces", client.BackendName(), err)
		return
	}
	model := workspacesModel{Workspaces: []listedWorkspace{}}
	for _, w := range list {
		model.Workspaces = append(model.Workspaces, listedWorkspace{
			Name: types.StringValue(w.Name), Description: framework.OrNull(w.Description),
			DefaultArtifactRoot: framework.OrNull(w.DefaultArtifactRoot),
		})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}
