package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

var (
	_ resource.ResourceWithConfigure        = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithConfigValidators = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithImportState      = (*experimentPermissionResource)(nil)
	_ resource.ResourceWithIdentity         = (*experimentPermissionResource)(nil)
)

// experimentPermissionResource manages the grant of one principal on an experiment.
type experimentPermissionResource struct{ framework.ResourceBase }

// NewExperimentPermissionResource returns the resource mlflow_experiment_permission.
func NewExperimentPermissionResource() resource.Resource { return &experimentPermissionResource{} }

// Metadata implements [resource.Resource].
func (r *experimentPermissionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permission"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *experimentPermissionResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = framework.IdentitySchema(nil, principalAttributes)
}

// Schema implements [resource.Resource].
func (r *experimentPermissionResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name := func(kind mlflow.PrincipalKind, description string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1), acl.PrincipalNameValidator{Kind: kind}},
			MarkdownDescription: description + " Exactly one of `user_name`, `group_name`, and `service_principal_name` must be set. " +
				"Updated in place: the provider creates the new grant first, then revokes the old one.",
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Grants a permission level on an experiment to one principal. The resource is non-authoritative: other " +
			"grants are unaffected. To manage all grants, use `mlflow_experiment_permissions`. Do not use both for one experiment.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the grant, as `EXPERIMENT_ID/KIND/NAME`."},
			"experiment_id": schema.StringAttribute{
				Required: true, Validators: []validator.String{framework.ExperimentIDValidator},
				MarkdownDescription: "ID of the experiment, for example `mlflow_experiment.churn.id`. Updated in place: the provider " +
					"creates the grant on the new experiment first, then revokes it on the old one.",
			},
			"user_name": name(mlflow.KindUser, "Email of a user (compared case-insensitively), or username on an MLflow server "+
				"(compared exactly)."),
			"group_name": name(mlflow.KindGroup, "Display name of a group, or on an MLflow server (3.13 and newer) name of a role."),
			"service_principal_name": name(mlflow.KindServicePrincipal, "Application ID of a service principal. Not supported on MLflow "+
				"servers."),
			"permission_level": schema.StringAttribute{
				Required: true, Validators: []validator.String{framework.LevelValidator{}},
				MarkdownDescription: "Permission level: `CAN_READ`, `CAN_EDIT` (also log runs), or `CAN_MANAGE` (also delete and change " +
					"permissions); MLflow servers also have `USE` (3.0 and newer), `DENY` (3.17 and newer), and `NO_PERMISSIONS` (before " +
					"3.13). Updated in place.",
			},
			framework.AttributeWorkspace: framework.WorkspaceAttribute(),
		},
	}
}

// ConfigValidators implements [resource.ResourceWithConfigValidators].
func (r *experimentPermissionResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{resourcevalidator.ExactlyOneOf(
		path.MatchRoot("user_name"), path.MatchRoot("group_name"), path.MatchRoot("service_principal_name"),
	)}
}

// Read implements [resource.Resource].
func (r *experimentPermissionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state experimentPermissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	r.UseStateWorkspace(state.Workspace)
	r.Provider.Run.MarkRead(state.object())
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) {
		return
	}
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !r.CheckServer(ctx, req.Private, "read permission", state.stateObject(), &resp.Diagnostics) {
		return
	}
	id := state.ExperimentID.ValueString()
	_, p := state.principal()
	grant, err := r.Client().AccessControl().Level(ctx, id, p)
	_, noSuchPrincipal := mlflow.MissingPrincipal(err)
	if err != nil && !noSuchPrincipal {
		problem := r.problem(ctx, id, err)
		if !problem.ObjectMissing {
			problem.AddError(&resp.Diagnostics, "read permission")
			return
		}
		resp.Diagnostics.AddWarning(summaryExperimentOfGrantNotFound, fmt.Sprintf("%s: %s", framework.UpperFirst(state.object()),
			strings.Join(problem.Advice, " ")))
		resp.State.RemoveResource(ctx)
		return
	}
	if framework.IDReused(state.created, grant.Created) {
		resp.Diagnostics.AddWarning(summaryExperimentOfGrantNotFound, fmt.Sprintf("%s: the experiment no longer exists, and its ID now "+
			"belongs to a different experiment, created %s, whose permissions are unmanaged.",
			framework.UpperFirst(state.object()), framework.FormatTime(grant.Created).ValueString()))
		resp.State.RemoveResource(ctx)
		return
	}
	if grant.Level == "" {
		resp.Diagnostics.AddWarning("Permission not found, removed from state", fmt.Sprintf("%s no longer has a grant. If it is still "+
			"in the configuration, the next apply grants it again.", framework.UpperFirst(state.object())))
		resp.State.RemoveResource(ctx)
		return
	}
	created := r.CachedCreationTime(id, grant.Created, state.created)
	if state.PermissionLevel.IsNull() { // an import
		created = r.LookUpCreationTime(ctx, id, created)
	}
	state.PermissionLevel = types.StringValue(grant.Level)
	state.setID()
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, created)...)
}

// summaryExperimentOfGrantNotFound is the summary of the warnings that a refresh removes the resource because of its experiment.
const summaryExperimentOfGrantNotFound = "Experiment not found, permission removed from state"

// problem returns the cause of an error, with advice.
func (r *experimentPermissionResource) problem(ctx context.Context, id string, err error) *acl.Problem {
	return experimentList(r.Client(), &r.Provider.Run, id, "").Problem(ctx, err)
}

// idReused reports whether the ID now belongs to a different experiment. It sends no request if the server does not reuse IDs.
func (r *experimentPermissionResource) idReused(ctx context.Context, m *experimentPermissionModel) (bool, error) {
	if m.created == "" || !r.Client().ReusesIDs() {
		return false, nil
	}
	_, p := m.principal()
	grant, err := r.Client().AccessControl().Level(ctx, m.ExperimentID.ValueString(), p)
	if _, missing := mlflow.MissingPrincipal(err); missing {
		err = nil // the request that follows reports it
	}
	return framework.IDReused(m.created, grant.Created), err
}

// ImportState implements [resource.ResourceWithImportState].
func (r *experimentPermissionResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	workspace, grant, ok := r.UseImportWorkspace(req.ID, &resp.Diagnostics)
	if !ok {
		return
	}
	id, rest, _ := strings.Cut(grant, "/")
	kind, principal, _ := strings.Cut(rest, "/")
	state := experimentPermissionModel{Workspace: workspace}
	if framework.IsIdentityImport(req) {
		values, ok := r.ImportIdentity(ctx, req, principalAttributes, &resp.Diagnostics)
		if !ok {
			return
		}
		id, state.Workspace = values[framework.IdentityExperimentID], framework.OrNull(values[framework.AttributeWorkspace])
		for _, n := range state.names() {
			if values[n.attribute] != "" {
				kind, principal = string(n.kind), values[n.attribute]
			}
		}
	}
	for _, n := range state.names() {
		if string(n.kind) == kind && principal != "" && framework.ExperimentID.MatchString(id) {
			*n.value = types.StringValue(principal)
			state.ExperimentID = types.StringValue(id)
			resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
			return
		}
	}
	resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q does not name a grant.\n\nSpecify EXPERIMENT_ID/user/NAME, "+
		"EXPERIMENT_ID/group/NAME, or EXPERIMENT_ID/service_principal/APPLICATION_ID. In an MLflow workspace other than the provider's, "+
		"put workspace=NAME and a comma first. In an identity, set experiment_id and one of %s.", req.ID, strings.Join(principalAttributes,
		", ")))
}
