package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
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

// maxArtifacts is the maximum number of artifacts that the data source returns.
const maxArtifacts = 1000

var _ datasource.DataSourceWithConfigure = (*runArtifactsDataSource)(nil)

// runArtifactsDataSource lists the artifacts of a run.
type runArtifactsDataSource struct{ framework.DataSourceBase }

type runArtifactsModel struct {
	RunID       types.String  `tfsdk:"run_id"`
	Path        types.String  `tfsdk:"path"`
	Limit       types.Int64   `tfsdk:"limit"`
	Files       []runArtifact `tfsdk:"files"`
	ArtifactURI types.String  `tfsdk:"artifact_uri"`
	HasMore     types.Bool    `tfsdk:"has_more"`
	Workspace   types.String  `tfsdk:"workspace"`
}

type runArtifact struct {
	Path     types.String `tfsdk:"path"`
	IsDir    types.Bool   `tfsdk:"is_dir"`
	FileSize types.Int64  `tfsdk:"file_size"`
}

// NewRunArtifactsDataSource returns the data source mlflow_run_artifacts.
func NewRunArtifactsDataSource() datasource.DataSource { return &runArtifactsDataSource{} }

// Metadata implements [datasource.DataSource].
func (d *runArtifactsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_run_artifacts"
}

// relativePathValidator rejects paths that are not below the artifact location of a run.
type relativePathValidator struct{}

// Description implements [validator.Describer].
func (relativePathValidator) Description(context.Context) string {
	return "must be a path relative to the artifact location of the run"
}

// MarkdownDescription implements [validator.Describer].
func (v relativePathValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateString implements [validator.String].
func (relativePathValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	if text == "" || strings.HasPrefix(text, "/") || strings.Contains(text, "//") || rest.HasDotSegment(text) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid artifact path", fmt.Sprintf("%q is not a path relative to the artifact location "+
			"of the run. Use a path such as \"model/data\", without a slash at the beginning and without \".\" and \"..\". To list the location "+
			"itself, omit path.", text))
	}
}

// Schema implements [datasource.DataSource].
func (d *runArtifactsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Returns the files and directories of a run directly below a path. The contents of subdirectories are not returned.",
		Attributes: map[string]schema.Attribute{
			attributeRunID: runIDAttribute("ID of the run."),
			"path": schema.StringAttribute{
				Optional: true, Validators: []validator.String{relativePathValidator{}},
				MarkdownDescription: "Directory to list, relative to the artifact location of the run, for example `model`. Defaults to that location.",
			},
			"limit": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, maxArtifacts)},
				MarkdownDescription: fmt.Sprintf("Maximum number of files and directories to return, from 1 to %s. Defaults to "+
					"`%d`.", formatCount(maxArtifacts), maxArtifacts),
			},
			"files": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Files and directories, ordered by path. Empty if `path` is an empty directory or a file, " +
					"or does not exist.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"path":   schema.StringAttribute{Computed: true, MarkdownDescription: "Path relative to `artifact_uri`."},
					"is_dir": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether this is a directory."},
					"file_size": schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the file in bytes. Null for a directory, and if " +
						"the server does not return it."},
				}},
			},
			"artifact_uri": schema.StringAttribute{Computed: true, MarkdownDescription: "URI of the artifact location of the run."},
			"has_more": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether more than `limit` files and directories exist. For a " +
				"Unity Catalog volume, of which Databricks lists at most 1,000 files, `true` if more can exist."},

			framework.AttributeWorkspace: framework.WorkspaceDataAttribute(),
		},
	}
}

// Read implements [datasource.DataSource].
func (d *runArtifactsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data runArtifactsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client := d.ClientIn(ctx, data.Workspace, &resp.Diagnostics)
	if client == nil {
		return
	}
	limit := maxArtifacts
	if !data.Limit.IsNull() {
		limit = int(data.Limit.ValueInt64())
	}
	list, err := client.ListArtifacts(ctx, data.RunID.ValueString(), data.Path.ValueString(), limit)
	if err != nil {
		data.addError(&resp.Diagnostics, client, err)
		return
	}
	data.ArtifactURI, data.HasMore = types.StringValue(list.RootURI), types.BoolValue(list.More)
	data.Files = make([]runArtifact, 0, len(list.Artifacts))
	for _, a := range list.Artifacts {
		file := runArtifact{Path: types.StringValue(a.Path), IsDir: types.BoolValue(a.IsDir), FileSize: types.Int64Null()}
		if a.Size >= 0 {
			file.FileSize = types.Int64Value(a.Size)
		}
		data.Files = append(data.Files, file)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// addError reports a failed list at the argument that the server rejected.
func (m *runArtifactsModel) addError(diags *diag.Diagnostics, client *mlflow.Client, err error) {
	const summary = "Could not list artifacts"
	id := m.RunID.ValueString()
	if rest.IsInvalid(err) && !m.Path.IsNull() {
		object := fmt.Sprintf("path %q of %s", m.Path.ValueString(), describeRun(id))
		diags.AddAttributeError(path.Root("path"), summary, framework.ErrorDetail(object, err))
		return
	}
	diags.AddAttributeError(path.Root(attributeRunID), summary, framework.ErrorDetail(describeRun(id), err, missingRunAdvice(client, err)...))
}
