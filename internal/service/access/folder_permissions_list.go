package access

import (
	"context"
	"path"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

var _ list.ListResourceWithConfigure = (*folderPermissionsList)(nil)

// folderPermissionsList lists the permissions of folders for `terraform query`.
type folderPermissionsList struct{ folderPermissionsResource }

// NewFolderPermissionsList returns the list resource mlflow_folder_permissions.
func NewFolderPermissionsList() list.ListResource { return &folderPermissionsList{} }

type folderListModel struct {
	Path      types.String `tfsdk:"path"`
	Recursive types.Bool   `tfsdk:"recursive"`
}

// ListResourceConfigSchema implements [list.ListResource].
func (l *folderPermissionsList) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the permissions of folders of a Databricks workspace, to inspect or import them with `terraform " +
			"query` (Terraform 1.14 and newer). With `include_resource`, the permissions are read; a folder whose permissions cannot be " +
			"read is reported as a warning. Git folders, folders whose permissions cannot be changed, such as `/Shared`, and Trash " +
			"folders are skipped.",
		Attributes: map[string]schema.Attribute{
			attributePath: schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Path of the folder to start from, for example `/Projects`. The folder itself is included.",
			},
			"recursive": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Include subfolders at any depth, which sends one request per folder. With `false`, only the " +
					"folders directly in `path` are listed. Defaults to `true`.",
			},
		},
	}
}

// List implements [list.ListResource]. It reads the permissions only if the request includes the resource.
func (l *folderPermissionsList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		var diags diag.Diagnostics
		var config folderListModel
		diags.Append(req.Config.Get(ctx, &config)...)
		folders, ok := l.start(&diags)
		if !ok || diags.HasError() {
			push(list.ListResult{Diagnostics: diags})
			return
		}
		left := req.Limit
		walk := folderWalk{client: l.Client(), recursive: config.Recursive.IsNull() || config.Recursive.ValueBool()}
		walk.walk(ctx, l.Client().NormalizeName(config.Path.ValueString()), func(folder databricks.WorkspaceObject, err error) bool {
			left--
			return push(l.result(ctx, req, folders, folder, err)) && (req.Limit <= 0 || left > 0)
		})
	}
}

// start returns the folders of the server. ok is false after an error.
func (l *folderPermissionsList) start(diags *diag.Diagnostics) (folders mlflow.Folders, ok bool) {
	if l.Client() == nil {
		diags.AddError("Could not list: provider configuration is unknown", l.Provider.UnknownConfigDetail())
		return nil, false
	}
	return foldersOrError(l.Client(), diags)
}

// result returns the result for one folder.
func (l *folderPermissionsList) result(
	ctx context.Context, req list.ListRequest, folders mlflow.Folders, folder databricks.WorkspaceObject, err error,
) list.ListResult {
	if err != nil {
		return warningResult("list folder", describeFolder(folder.Path), err)
	}
	model := folderPermissionsModel{
		ID: types.StringValue(folder.ObjectID()), Path: types.StringValue(folder.Path), Declared: acl.NullDeclared(),
	}
	result := req.NewListResult(ctx)
	result.DisplayName = folder.Path
	result.Diagnostics.Append(l.SetIdentity(ctx, result.Identity, model.identity())...)
	if !req.IncludeResource {
		return result
	}
	read, problem := folderList(l.Client(), nil, folders, &model).Read(ctx)
	if problem != nil {
		return warningResult("read permissions", problem.Object.Name, problem.Err, strings.Join(problem.Advice, " "))
	}
	model.SetFromACL(l.Client(), read, nil)
	result.Diagnostics.Append(result.Resource.Set(ctx, &model)...)
	return result
}

// folderWalk visits folders, parent folders first.
type folderWalk struct {
	client    *mlflow.Client
	recursive bool
}

// walk visits the folder at a path and the folders in it until visit returns false. A folder that cannot be listed is visited with the
// error.
func (f folderWalk) walk(ctx context.Context, root string, visit func(databricks.WorkspaceObject, error) bool) {
	if root != "/" && !f.visitRoot(ctx, root, visit) {
		return
	}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		objects, err := databricks.ListFolder(ctx, f.client, queue[0])
		if err != nil && !visit(databricks.WorkspaceObject{Path: queue[0]}, err) {
			return
		}
		for _, o := range objects {
			if !o.IsFolder() || o.IsGitFolder() || path.Base(o.Path) == trashFolder || o.Path == databricks.ReposPath {
				continue
			}
			if isManageable(o) && !visit(o, nil) {
				return
			}
			if f.recursive {
				queue = append(queue, o.Path)
			}
		}
	}
}

// visitRoot visits the folder that a walk starts from. It reports whether the walk continues.
func (f folderWalk) visitRoot(ctx context.Context, root string, visit func(databricks.WorkspaceObject, error) bool) bool {
	start, err := databricks.WorkspaceStatus(ctx, f.client, root)
	if err == nil && !start.IsFolder() {
		err = &mlflow.NotFolderError{Object: "an object of type " + start.Type}
	}
	if err != nil {
		visit(databricks.WorkspaceObject{Path: root}, err)
		return false
	}
	return !isManageable(start) || visit(start, nil)
}

// trashFolder is the name of the folder in each home folder that deleted objects are moved to.
const trashFolder = "Trash"

// isManageable reports whether the permissions of a folder can be managed.
func isManageable(o databricks.WorkspaceObject) bool {
	return !o.IsGitFolder() && databricks.CheckFolderPath(o.Path) == nil
}
