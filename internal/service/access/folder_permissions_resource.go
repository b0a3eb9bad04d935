package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

var (
	_ resource.Resource                   = (*folderPermissionsResource)(nil)
	_ resource.ResourceWithConfigure      = (*folderPermissionsResource)(nil)
	_ resource.ResourceWithValidateConfig = (*folderPermissionsResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*folderPermissionsResource)(nil)
	_ resource.ResourceWithImportState    = (*folderPermissionsResource)(nil)
	_ resource.ResourceWithIdentity       = (*folderPermissionsResource)(nil)
	_ resource.ResourceWithMoveState      = (*folderPermissionsResource)(nil)
)

// folderPermissionsResource manages all direct grants on a folder.
type folderPermissionsResource struct{ framework.ResourceBase }

// NewFolderPermissionsResource returns the resource mlflow_folder_permissions.
func NewFolderPermissionsResource() resource.Resource { return &folderPermissionsResource{} }

// Metadata implements [resource.Resource].
func (r *folderPermissionsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_folder_permissions"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *folderPermissionsResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = framework.NamedIdentitySchema([]string{attributePath}, nil)
}

// Schema implements [resource.Resource].
func (r *folderPermissionsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := acl.Attributes(acl.Descriptions{
		Groups: "Map of group to permission level, by case-sensitive display name. `admins` is not allowed: workspace admins always " +
			"have `CAN_MANAGE`.",
		Users: "Map of user to permission level, by email, compared case-insensitively.",
		ServicePrincipals: "Map of service principal to permission level, by application ID (a UUID, not the display name), compared " +
			"case-insensitively.",
		Levels: "`CAN_READ`, `CAN_RUN`, `CAN_EDIT`, and `CAN_MANAGE`; see [Levels](#levels)",
	})
	maps.Copy(attributes, map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "Object ID of the folder."},
		attributePath: schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Path of the folder, for example `/Projects/retail`. The `/Workspace` prefix and a trailing slash are " +
				"optional. `/`, `/Shared`, `/Users`, `/Repos`, and Git folders are not supported. Updated in place: the provider " +
				"creates the grants on the new folder first, then revokes them on the old one; it does not move the folder.",
			Validators: []validator.String{folderPathValidator{databricks.CheckFolderPath}},
		},
		"create_parents": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Create the folder and its missing parent folders when the resource is created or `path` changes. " +
				"Destroying the resource does not delete them. Defaults to `false`: the folder must exist.",
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages all direct grants on a folder of a Databricks workspace. Experiments, notebooks, and folders in " +
			"it inherit them, so one resource per folder replaces one per experiment. The resource is authoritative: the plan shows " +
			"direct grants that are not declared, and apply removes them. Inherited permissions and the workspace admins are unmanaged. " +
			"Use at most one per folder.\n\nDestroying it revokes the declared grants, keeps the access of the identity that runs " +
			"Terraform, and never deletes the folder. Not supported on MLflow servers, which have no folders; use `mlflow_role` with " +
			"`experiment/*` there.",
		Attributes: attributes,
	}
}

// folderPathValidator rejects paths for which check returns an error.
type folderPathValidator struct{ check func(path string) error }

func (folderPathValidator) Description(context.Context) string {
	return "must be the absolute path of a folder that has its own permissions"
}

func (v folderPathValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v folderPathValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := v.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid folder path", framework.UpperFirst(err.Error())+".")
	}
}

// ValidateConfig implements [resource.ResourceWithValidateConfig]. The plan checks what depends on the server.
func (r *folderPermissionsResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config folderPermissionsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		acl.CheckTwoMaps(&resp.Diagnostics, &config.Declared)
	}
}

// Read implements [resource.Resource]. It looks up the folder by path, and then reads its list.
func (r *folderPermissionsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state folderPermissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) {
		return
	}
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !r.CheckServer(ctx, req.Private, "read permissions", state.stateObject(r.Client()), &resp.Diagnostics) {
		return
	}
	folders, ok := foldersOrError(r.Client(), &resp.Diagnostics)
	if !ok || !r.findPath(ctx, folders, &state, resp) {
		return
	}
	folder, err := folders.Find(ctx, state.Path.ValueString())
	if reason := r.missingReason(ctx, folders, &state, folder, err); reason != "" {
		if err == nil {
			reason += " Its permissions are unmanaged until the next apply."
		}
		resp.Diagnostics.AddWarning(summaryFolderNotFound, reason)
		resp.State.RemoveResource(ctx)
		return
	}
	if err == nil {
		state.ID = types.StringValue(folder.ID)
	}
	list := r.list(folders, &state)
	if err != nil {
		addReadError(&resp.Diagnostics, &state, findProblem(list, err))
		return
	}
	read, problem := list.Read(ctx)
	if problem != nil {
		addReadError(&resp.Diagnostics, &state, problem)
		return
	}
	resp.Diagnostics.Append(r.storeServer(ctx, resp.Private, folder)...)
	if list.Refresh(ctx, &state.Declared, read, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	}
}

// list returns the access control list of a folder.
func (r *folderPermissionsResource) list(folders mlflow.Folders, m *folderPermissionsModel) *acl.List {
	return folderList(r.Client(), &r.Provider.Run, folders, m)
}

// summaryFolderNotFound is the summary of the warnings that a refresh removes the resource from the state.
const summaryFolderNotFound = "Folder not found, permissions removed from state"

// addReadError reports a problem during a refresh, or during the read that completes an import.
func addReadError(diags *diag.Diagnostics, state *folderPermissionsModel, problem *acl.Problem) {
	if state.IsImport() {
		problem.AddError(diags, "import permissions")
		return
	}
	problem.AddRefreshError(diags)
}

// storeServer stores the server, the creation time of the folder, and the plan token in private state.
func (r *folderPermissionsResource) storeServer(
	ctx context.Context, private framework.PrivateState, folder mlflow.Folder,
) diag.Diagnostics {
	return append(framework.StorePlanToken(ctx, private), r.StoreExperimentServer(ctx, private, framework.FormatCreationTime(folder.Created))...)
}

// missingReason returns the reason why a folder is no longer at its path, given the result of a lookup of the path; "" if it is, if the
// state is that of an import, or if it cannot be determined: a server can report a folder as missing if the caller has no access to it.
func (r *folderPermissionsResource) missingReason(
	ctx context.Context, folders mlflow.Folders, state *folderPermissionsModel, found mlflow.Folder, err error,
) string {
	var other *mlflow.NotFolderError
	isOther := errors.As(err, &other)
	switch {
	case state.ID.IsNull(), err == nil && state.isSameFolder(found), err != nil && !isOther && !rest.IsNotFound(err):
		return ""
	}
	_, lookErr := folders.Get(ctx, state.ID.ValueString())
	if rest.IsNotFound(err) && lookErr != nil && !rest.IsNotFound(lookErr) {
		return ""
	}
	before := "It was moved or renamed outside Terraform. Its object ID is still " + state.ID.ValueString() + ", and its grants remain, " +
		"unmanaged."
	if rest.IsNotFound(lookErr) {
		before = "It was deleted outside Terraform, with its grants."
	}
	now := "No object exists at the path now."
	switch {
	case isOther:
		now = fmt.Sprintf("The path now belongs to %s.", other.Object)
	case err == nil:
		now = fmt.Sprintf("The path now belongs to a different folder, with the object ID %s.", found.ID)
	}
	return fmt.Sprintf("%s: %s %s", framework.UpperFirst(state.folder()), before, now)
}

// databricksFolderID matches the object ID of a folder, and the ID of databricks_permissions for it.
var databricksFolderID = regexp.MustCompile(`^(?:` + databricks.RootObject + `)?([0-9]+)$`)

// rootFolderID is the object ID of the root folder.
const rootFolderID = "0"

// ImportState implements [resource.ResourceWithImportState]. It accepts the path or the object ID of a folder, and the ID of
// databricks_permissions. The Read that follows sets the other attributes.
func (r *folderPermissionsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	text := req.ID
	if framework.IsIdentityImport(req) {
		values := r.ImportNamedIdentity(ctx, req, "permissions", []string{attributePath}, &resp.Diagnostics)
		if values == nil {
			return
		}
		text = values[attributePath]
	}
	if m := databricksFolderID.FindStringSubmatch(text); m != nil {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), m[1])...)
		return
	}
	if !strings.HasPrefix(text, "/") {
		resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q is neither the path nor the object ID of a folder. Specify one "+
			"of them, for example \"/Projects/retail\".", text))
		return
	}
	if err := databricks.CheckFolderPath(text); err != nil {
		resp.Diagnostics.AddError("Invalid folder path", framework.UpperFirst(err.Error())+".")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attributePath), text)...)
}

// findPath looks up the path of a folder of which an import or a moved state contains only the ID. It reports false after an error, and if
// the folder of a moved state does not exist.
func (r *folderPermissionsResource) findPath(
	ctx context.Context, folders mlflow.Folders, state *folderPermissionsModel, resp *resource.ReadResponse,
) bool {
	if !state.Path.IsNull() {
		return true
	}
	if state.ID.ValueString() == rootFolderID {
		resp.Diagnostics.AddError("Invalid folder path", framework.UpperFirst(databricks.CheckFolderPath("/").Error())+".")
		return false
	}
	read, problem := r.list(folders, state).Read(ctx)
	switch {
	case problem != nil && problem.ObjectMissing && !state.IsImport():
		resp.Diagnostics.AddWarning(summaryFolderNotFound, fmt.Sprintf("%s was deleted outside Terraform, with its grants.",
			framework.UpperFirst(state.folder())))
		resp.State.RemoveResource(ctx)
		return false
	case problem != nil:
		problem.AddError(&resp.Diagnostics, "import permissions")
		return false
	}
	found, err := r.Provider.Run.Folders.FindPath(ctx, r.Client(), state.ID.ValueString(),
		framework.SortedKeys(databricks.InheritedFolders(read)))
	if err != nil {
		framework.AddError(&resp.Diagnostics, "import permissions", state.folder(), err, "Import the permissions by the path of the "+
			"folder.")
		return false
	}
	if err := databricks.CheckFolderPath(found); err != nil {
		resp.Diagnostics.AddError("Invalid folder path", framework.UpperFirst(err.Error())+".")
		return false
	}
	state.Path = types.StringValue(found)
	return true
}
