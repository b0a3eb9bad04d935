package role

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// plannedRole describes roles in the diagnostics of conflicting plans.
var plannedRole = planned.Kind{Noun: "Role", NameAttribute: attributeName, Contents: "its members and grants"}

// ModifyPlan implements [resource.ResourceWithModifyPlan].
func (r *roleResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan *roleModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if plan == nil {
		if r.UseStateWorkspace(state.Workspace); r.Client() != nil {
			r.recordPlan(&resp.Diagnostics, planned.Use{Action: planned.Delete, ID: state.ID.ValueString(),
				Name: state.Name.ValueString()})
			r.planDelete(ctx, req.Private, *state, &resp.Diagnostics)
		}
		return
	}
	moves := r.PlanWorkspace(ctx, req, r.workspaceObject(state, plan), resp)
	if resp.Diagnostics.HasError() {
		return
	}
	if state != nil {
		plan.keepEquivalent(state)
	}
	if r.Provider != nil && r.Provider.Client != nil {
		plan.setID(r.Provider.Client)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	stateID := stateRoleID(ctx, req, resp, state)
	if r.Client() == nil || plan.Name.IsUnknown() || resp.Diagnostics.HasError() {
		return
	}
	switch d := r.directory(&resp.Diagnostics); {
	case d == nil:
	case state == nil:
		use := planned.Use{Action: planned.Create, ID: stateID, Name: plan.Name.ValueString(),
			Adopts: plan.AdoptExisting.ValueBool()}
		r.recordPlan(&resp.Diagnostics, use)
		r.planCreate(ctx, d, stateID, *plan, &resp.Diagnostics)
		r.planGrants(ctx, nil, *plan, &resp.Diagnostics)
	case moves:
		r.planDelete(ctx, req.Private, *state, &resp.Diagnostics)
	default:
		r.recordUpdate(&resp.Diagnostics, stateID, state, plan)
		r.planUpdate(ctx, d, *state, *plan, &resp.Diagnostics)
		r.planGrants(ctx, declaredGrants(state.Grants), *plan, &resp.Diagnostics)
	}
}

// workspaceObject returns the role with its workspace; state and plan can be nil.
func (r *roleResource) workspaceObject(state, plan *roleModel) framework.WorkspaceObject {
	if state == nil {
		return framework.WorkspaceObject{Plan: plan.Workspace}
	}
	return newWorkspaceObject(attributeRole, describeRole(state.Workspace.ValueString(), state.Name.ValueString()), state.ID, state.Workspace,
		plan.Workspace)
}

const stateRoleIDKey = "address_role"

// stateRoleID returns the ID of the role that a resource address has in the state, "" if it has none. For a replacement, the CLI plans
// twice: the second time without the state, but with the private state of the first plan.
func stateRoleID(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, state *roleModel) string {
	if state == nil {
		var id string
		value, diags := req.Private.GetKey(ctx, stateRoleIDKey)
		resp.Diagnostics.Append(diags...)
		if len(value) > 0 && json.Unmarshal(value, &id) != nil {
			return ""
		}
		return id
	}
	value, err := json.Marshal(state.ID.ValueString())
	if err == nil {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, stateRoleIDKey, value)...)
	}
	return state.ID.ValueString()
}

// recordUpdate records that a resource keeps or renames its role.
func (r *roleResource) recordUpdate(diags *diag.Diagnostics, stateID string, state, plan *roleModel) {
	if plan.Name.Equal(state.Name) {
		r.recordPlan(diags, planned.Use{Action: planned.Keep, ID: stateID, Name: plan.Name.ValueString()})
		return
	}
	r.recordPlan(diags, planned.Use{Action: planned.RenameFrom, ID: stateID, Name: state.Name.ValueString()})
	r.recordPlan(diags, planned.Use{Action: planned.RenameTo, ID: stateID, Name: plan.Name.ValueString()})
}

// recordPlan records the planned use of a role name, and reports its conflict with another one.
func (r *roleResource) recordPlan(diags *diag.Diagnostics, use planned.Use) {
	use.Object = r.describe(use.Name)
	diags.Append(r.lock(use.Name).Plan(plannedRole, use))
}

// planCreate looks up the role. A role that exists must be adopted, which can remove grants.
func (r *roleResource) planCreate(ctx context.Context, d *mlflowserver.Directory, stateID string, plan roleModel, diags *diag.Diagnostics) {
	lookup, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	role, err := d.Role(lookup, "", plan.Name.ValueString())
	switch {
	case framework.IsUnsupported(err):
		framework.AddUnsupportedError(diags, "roles", err)
	case rest.IsNotFound(err):
		r.checkWorkspace(lookup, d, diags)
	case err != nil: // left to apply: the configuration may create the workspace or the server
	case plan.AdoptExisting.IsUnknown():
	case plan.AdoptExisting.ValueBool():
		r.planAdoption(ctx, d, role, plan, diags)
	case stateID != plan.ID.ValueString() && !r.lock(plan.Name.ValueString()).IsRead():
		// A tainted resource is planned like a new one, but its role was refreshed in this run. A second resource with that role has a plan, too.
		addRoleNameInUseError(diags, plan.object(r.Client()))
	}
}

// checkWorkspace warns if the workspace of a new role does not exist and no resource planned so far creates it.
func (r *roleResource) checkWorkspace(ctx context.Context, d *mlflowserver.Directory, diags *diag.Diagnostics) {
	workspace, at := r.Client().MLflowWorkspace(), path.Root(framework.AttributeWorkspace)
	if workspace == mlflow.DefaultWorkspace || r.Provider.Run.ObjectLock(framework.KindWorkspace, workspace).IsPlanned() {
		return
	}
	_, err := d.Workspace(ctx, workspace)
	switch {
	case framework.IsUnsupported(err):
		diags.AddAttributeError(at, "MLflow workspaces are not supported", framework.UpperFirst(err.Error())+".")
	case rest.IsNotFound(err):
		diags.AddAttributeWarning(at, "Workspace not found", fmt.Sprintf("The MLflow server has no workspace %q, and apply fails unless it is "+
			"created first.\n\nCheck the name. If the configuration creates the workspace, refer to it: workspace = mlflow_workspace.NAME.name.",
			workspace))
	}
}

// addRoleNameInUseError reports that a role with the name of a new one exists.
func addRoleNameInUseError(diags *diag.Diagnostics, object string) {
	diags.AddAttributeError(path.Root(attributeName), "Could not create role: name already in use", fmt.Sprintf("%s already exists.\n\nTo "+
		"manage it, import it, or set adopt_existing = true, for example for the roles \"admin\" and \"user\" of a new workspace. If you only "+
		"renamed the resource, changed its for_each key, or moved it to another module, add a moved block from the old address to the new "+
		"one. Otherwise, choose another name.", framework.UpperFirst(object)))
}

// planAdoption warns of changes that the plan of a new resource does not show.
func (r *roleResource) planAdoption(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, plan roleModel, diags *diag.Diagnostics,
) {
	if plan.Grants.IsUnknown() {
		return
	}
	declared := declaredGrants(plan.Grants)
	var removed []mlflowserver.RoleGrant
	for _, change := range grantChanges(role, declared, nil) {
		if change.kind == grantRemoved {
			removed = append(removed, change.grant)
		}
	}
	if len(removed) > 0 {
		diags.AddAttributeWarning(path.Root("grants"), "Undeclared grants will be removed", fmt.Sprintf("%s has grants that are not in the "+
			"configuration. Apply removes them:\n%s\n\nDeclare the grants to keep.", framework.UpperFirst(plan.object(r.Client())),
			describeGrants(removed)))
	}
	if !plan.Description.IsUnknown() && plan.Description.ValueString() == "" && role.Description != "" {
		diags.AddWarning("Description will be cleared", fmt.Sprintf("%s has the description %q, which is not in the configuration. Apply "+
			"clears it.\n\nDeclare the description to keep it.", framework.UpperFirst(plan.object(r.Client())), role.Description))
	}
	r.checkOwnGrants(ctx, d, role, plan, diags)
}

// planUpdate rejects changes that lock out the current user.
func (r *roleResource) planUpdate(ctx context.Context, d *mlflowserver.Directory, state, plan roleModel, diags *diag.Diagnostics) {
	before := declaredGrants(state.Grants)
	if plan.Grants.IsUnknown() || before[typeWorkspace+"/"+wildcard] != levelManage || grantsManagement(plan) {
		return
	}
	role, err := d.Role(ctx, "", state.Name.ValueString())
	switch {
	case isRoleMissing(err):
	case err != nil:
		addRoleError(diags, "read role", state.object(r.Client()), err)
	default:
		r.checkOwnGrants(ctx, d, role, plan, diags)
	}
}

// grantsManagement reports whether the planned grants make the members of the role managers of the workspace. A level that is unknown does.
func grantsManagement(plan roleModel) bool {
	level, declared := plan.Grants.Elements()[typeWorkspace+"/"+wildcard]
	return declared && (level.IsUnknown() || declaredGrants(plan.Grants)[typeWorkspace+"/"+wildcard] == levelManage)
}

// checkOwnGrants checks that the current user still manages the workspace with the planned grants.
func (r *roleResource) checkOwnGrants(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, plan roleModel, diags *diag.Diagnostics,
) bool {
	return grantsManagement(plan) || r.checkOwnAccess(ctx, d, role, path.Root("grants"), "change grants of role", "The configuration", diags)
}

// planDelete rejects the deletion of the only role through which the current user manages the workspace.
func (r *roleResource) planDelete(ctx context.Context, private framework.PrivateState, state roleModel, diags *diag.Diagnostics) {
	if r.Client() == nil || diags.HasError() || !r.checkRoleServer(ctx, private, "delete role", state.object(r.Client()), diags) {
		return
	}
	d := r.directory(diags)
	if d == nil || declaredGrants(state.Grants)[typeWorkspace+"/"+wildcard] != levelManage {
		return
	}
	role, err := d.Role(ctx, "", state.Name.ValueString())
	switch {
	case isRoleMissing(err):
	case err != nil:
		addRoleError(diags, "delete role", state.object(r.Client()), err)
	default:
		r.checkOwnAccess(ctx, d, role, path.Root(attributeName), "delete role", "Deleting the role", diags)
	}
}

// planGrants checks the declared grants on single experiments: another resource must not declare them, and the experiments of new ones
// should exist.
func (r *roleResource) planGrants(ctx context.Context, before map[string]string, plan roleModel, diags *diag.Diagnostics) {
	if plan.Grants.IsUnknown() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	declared := declaredGrants(plan.Grants)
	for _, key := range framework.SortedKeys(declared) {
		g, ok := parseGrantKey(key)
		if !ok || g.Type != typeExperiment || g.Pattern == wildcard {
			continue
		}
		at := path.Root("grants").AtMapKey(key)
		r.PlanRoleGrant(diags, at, plan.Name.ValueString(), g.Pattern, true)
		if _, known := before[key]; known {
			continue
		}
		if _, err := r.Client().GetExperiment(ctx, g.Pattern); rest.IsNotFound(err) {
			diags.AddAttributeWarning(at, "Experiment not found", fmt.Sprintf("There is no experiment with ID %s. The server stores the grant "+
				"anyway, and applies it to an experiment that gets this ID later.\n\nCheck the ID, or refer to the experiment: "+
				"mlflow_experiment.NAME.id.", g.Pattern))
		}
	}
}
