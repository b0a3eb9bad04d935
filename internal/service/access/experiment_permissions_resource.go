package access

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

var (
	_ resource.Resource                   = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithConfigure      = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithValidateConfig = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithImportState    = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithIdentity       = (*experimentPermissionsResource)(nil)
	_ resource.ResourceWithMoveState      = (*experimentPermissionsResource)(nil)
)

// experimentPermissionsResource manages all direct grants on an experiment.
type experimentPermissionsResource struct{ framework.ResourceBase }

// NewExperimentPermissionsResource returns the resource mlflow_experiment_permissions.
func NewExperimentPermissionsResource() resource.Resource { return &experimentPermissionsResource{} }

// Metadata implements [resource.Resource].
func (r *experimentPermissionsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permissions"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *experimentPermissionsResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = framework.IdentitySchema(nil, nil)
}

// Schema implements [resource.Resource].
func (r *experimentPermissionsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := acl.Attributes(acl.Descriptions{
		Groups: "Map of group to permission level, by case-sensitive display name; on an MLflow server (3.13 and newer), map of role to " +
			"level. On Databricks, `admins` is not allowed: workspace admins always have `CAN_MANAGE`.",
		Users: "Map of user to permission level. On Databricks, users are emails, compared case-insensitively; on an MLflow server, " +
			"usernames, compared exactly.",
		ServicePrincipals: "Map of service principal to permission level, by application ID (a UUID, not the display name), compared " +
			"case-insensitively. Not supported on MLflow servers.",
		Levels: "`CAN_READ`, `CAN_EDIT`, `CAN_MANAGE`, and others on MLflow servers; see [Levels](#levels)",
	})
	maps.Copy(attributes, map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the experiment."},
		"experiment_id": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "ID of the experiment, for example `mlflow_experiment.churn.id`. Updated in place: the provider " +
				"creates the grants on the new experiment first, then revokes them on the old one.",
			Validators: []validator.String{framework.ExperimentIDValidator},
		},
		framework.AttributeWorkspace: framework.WorkspaceAttribute(),
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages all direct grants on an experiment. The resource is authoritative: the plan shows direct grants " +
			"that are not declared, and apply removes them. Inherited permissions and the workspace admins are unmanaged. Use at most " +
			"one per experiment, and do not combine it with `mlflow_experiment_permission`.\n\nDestroying it revokes the declared " +
			"grants and keeps the access of the identity that runs Terraform. Experiments of notebooks have the permissions of the " +
			"notebook or Git folder and are not supported.",
		Attributes: attributes,
	}
}

// ValidateConfig implements [resource.ResourceWithValidateConfig]. The plan checks what depends on the server.
func (r *experimentPermissionsResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config experimentPermissionsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	acl.CheckTwoMaps(&resp.Diagnostics, &config.Declared)
}

// Read implements [resource.Resource]. It sends one request, and looks up the caller only if an undeclared grant can be the caller's.
func (r *experimentPermissionsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state experimentPermissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	r.UseStateWorkspace(state.Workspace)
	r.Provider.Run.MarkRead(state.stateObject().Object)
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) {
		return
	}
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !r.CheckServer(ctx, req.Private, "read permissions", state.stateObject(), &resp.Diagnostics) {
		return
	}
	list := state.list(&r.ResourceBase)
	read, problem := list.Read(ctx)
	switch {
	case problem != nil && problem.ObjectMissing && state.IsImport():
		problem.AddError(&resp.Diagnostics, "import permissions")
		return
	case problem != nil && problem.ObjectMissing:
		resp.Diagnostics.AddWarning(summaryExperimentNotFound, fmt.Sprintf(
			"%s was deleted outside Terraform.\n\nTo keep its permissions, restore the experiment, then import them again.",
			framework.UpperFirst(problem.Object.Name)))
		resp.State.RemoveResource(ctx)
		return
	case problem != nil:
		problem.AddRefreshError(&resp.Diagnostics)
		return
	case state.idReused(read):
		resp.Diagnostics.AddWarning(summaryExperimentNotFound, fmt.Sprintf(
			"%s no longer exists; its ID now belongs to a different experiment, created %s, whose permissions are unmanaged.",
			framework.UpperFirst(list.Object.Name), framework.FormatTime(read.Created).ValueString()))
		resp.State.RemoveResource(ctx)
		return
	}
	created := r.CachedCreationTime(state.ExperimentID.ValueString(), read.Created, state.created)
	if state.IsImport() {
		created = r.LookUpCreationTime(ctx, state.ExperimentID.ValueString(), created)
	}
	resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, created)...)
	if list.Refresh(ctx, &state.Declared, read, &resp.Diagnostics) {
		state.ID = state.ExperimentID
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// summaryExperimentNotFound is the summary of the warnings that a refresh removes the resource from the state.
const summaryExperimentNotFound = "Experiment not found, permissions removed from state"

// databricksExperimentID matches the ID of databricks_permissions for an experiment.
var databricksExperimentID = regexp.MustCompile(`^` + databricksExperimentPrefix + `[0-9a-f]+$`)

const databricksExperimentPrefix = "/experiments/"

// ImportState implements [resource.ResourceWithImportState]. It accepts the ID, name, or URL of an experiment, and the ID of
// databricks_permissions. The Read that follows sets the maps.
func (r *experimentPermissionsResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	// The IDs of the Databricks provider contain no MLflow workspace.
	if databricksExperimentID.MatchString(req.ID) {
		req.ID = strings.TrimPrefix(req.ID, databricksExperimentPrefix)
	}
	imported, ok := r.ResolveImportID(ctx, req, &resp.Diagnostics)
	if ok {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("experiment_id"), imported.ID)...)
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(framework.AttributeWorkspace), imported.Workspace)...)
	}
}
