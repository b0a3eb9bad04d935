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

// experimentPermissionResource is what one principal is granted on one experiment; it leaves all others alone.
type experimentPermissionResource struct{ framework.ResourceBase }

// NewExperimentPermissionResource returns the resource mlflow_experiment_permission.
func NewExperimentPermissionResource() resource.Resource { return &experimentPermissionResource{} }

// Metadata implements [resource.Resource].
func (r *experimentPermissionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_experiment_permission"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *experimentPermissionResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.IdentitySchema(nil, principalAttributes)
}

// Schema implements [resource.Resource].
func (r *experimentPermissionResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name := func(kind mlflow.PrincipalKind, description string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1), acl.PrincipalNameValidator{Kind: kind}},
			MarkdownDescription: description + " Exactly one of `user_name`, `group_name`, and `service_principal_name` must be set. When it changes, the new " +
				"grant is made first, then the old one is revoked.",
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "What one principal is granted on an experiment. The resource adds to what others granted and leaves it alone; use " +
			"`mlflow_experiment_permissions` instead where the configuration is to be the whole truth, and never both for one experiment.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "`EXPERIMENT_ID/KIND/NAME`."},
			"experiment_id": schema.StringAttribute{
				Required: true, Validators: []validator.String{framework.ExperimentIDValidator},
				MarkdownDescription: "ID of the experiment, for example `mlflow_experiment.churn.id`. When it changes, the grant is made on the new experiment first, then " +
					"revoked on the old one.",
			},
			"user_name":              name(mlflow.KindUser, "Email of a user (compared case-insensitively), or username on an MLflow server (compared exactly)."),
			"group_name":             name(mlflow.KindGroup, "Display name of a group, or on an MLflow server (3.13 and newer) the name of a role."),
			"service_principal_name": name(mlflow.KindServicePrincipal, "Application ID of a service principal. MLflow servers have none."),
			"permission_level": schema.StringAttribute{
				Required: true, Validators: []validator.String{framework.LevelValidator{}},
				MarkdownDescription: "`CAN_READ`, `CAN_EDIT` (also log runs) or `CAN_MANAGE` (also delete and change permissions). An MLflow server also has " +
					"levels of its own: `USE`, `DENY`, and before 3.13 `NO_PERMISSIONS`. Changing it changes the grant in place.",
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
	if !r.CheckServer(ctx, req.Private, "read permission", state.remembered(), &resp.Diagnostics) {
		return
	}
	id := state.ExperimentID.ValueString()
	_, p := state.principal()
	held, err := r.Client().AccessControl().Level(ctx, id, p)
	_, noSuchPrincipal := mlflow.MissingPrincipal(err)
	if err != nil && !noSuchPrincipal {
		problem := r.problem(ctx, id, err)
		if !problem.Gone {
			problem.AddError(&resp.Diagnostics, "read permission")
			return
		}
		resp.Diagnostics.AddWarning("Permission is gone: so is the experiment", fmt.Sprintf("%s was dropped from the state. %s", framework.UpperFirst(state.object()),
			strings.Join(problem.Advice, " ")))
		resp.State.RemoveResource(ctx)
		return
	}
	if framework.IDReused(state.created, held.Created) {
		resp.Diagnostics.AddWarning("Permission is gone: the experiment is another one now", fmt.Sprintf("%s was dropped from the state: the id was used again, for "+
			"an experiment created %s. Its permissions are left alone.", framework.UpperFirst(state.object()), framework.FormatTime(held.Created).ValueString()))
		resp.State.RemoveResource(ctx)
		return
	}
	if held.Level == "" {
		resp.Diagnostics.AddWarning("Permission is gone", fmt.Sprintf("%s holds no grant any more. It was removed from the state, and the next apply grants it "+
			"again if it is still configured.", framework.UpperFirst(state.object())))
		resp.State.RemoveResource(ctx)
		return
	}
	created := r.CachedCreationTime(id, held.Created, state.created)
	if state.PermissionLevel.IsNull() { // an import
		created = r.LookUpCreationTime(ctx, id, created)
	}
	state.PermissionLevel = types.StringValue(held.Level)
	state.setID()
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, created)...)
}

// problem finds out what a refusal means.
func (r *experimentPermissionResource) problem(ctx context.Context, id string, err error) *acl.Problem {
	return experimentList(r.Client(), &r.Provider.Run, id, "").Problem(ctx, err)
}

// isReused tells that the id belongs to another experiment now. It asks only where ids are used again.
func (r *experimentPermissionResource) isReused(ctx context.Context, m *experimentPermissionModel) (bool, error) {
	if m.created == "" || !r.Client().ReusesIDs() {
		return false, nil
	}
	_, p := m.principal()
	held, err := r.Client().AccessControl().Level(ctx, m.ExperimentID.ValueString(), p)
	if _, missing := mlflow.MissingPrincipal(err); missing {
		err = nil // the call that follows tells
	}
	return framework.IDReused(m.created, held.Created), err
}

// ImportState implements [resource.ResourceWithImportState].
func (r *experimentPermissionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	workspace, grant, ok := r.UseImportWorkspace(req.ID, &resp.Diagnostics)
	if !ok {
		return
	}
	id, rest, _ := strings.Cut(grant, "/")
	kind, principal, _ := strings.Cut(rest, "/")
	state := experimentPermissionModel{Workspace: workspace}
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsFullyNull() {
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
	resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q is not of the form EXPERIMENT_ID/user/NAME, EXPERIMENT_ID/group/NAME or "+
		"EXPERIMENT_ID/service_principal/APPLICATION_ID. On a server with MLflow workspaces, workspace=NAME and a comma can stand before it. An identity needs experiment_id and one of %s.", req.ID, strings.Join(principalAttributes, ", ")))
}
