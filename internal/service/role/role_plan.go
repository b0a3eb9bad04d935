package role

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

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
			r.recordPlan(&resp.Diagnostics, framework.PlannedUse{Action: framework.PlanDelete, ID: state.ID.ValueString(),
				Name: state.Name.ValueString()})
			r.planDelete(ctx, req.Private, *state, &resp.Diagnostics)
		}
		return
	}
	moves := r.PlanWorkspace(ctx, req, r.placed(state, plan), resp)
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
	address := addressRole(ctx, req, resp, state)
	if r.Client() == nil || plan.Name.IsUnknown() || resp.Diagnostics.HasError() {
		return
	}
	switch d := r.directory(&resp.Diagnostics); {
	case d == nil:
	case state == nil:
		use := framework.PlannedUse{Action: framework.PlanCreate, ID: address, Name: plan.Name.ValueString(),
			Adopts: plan.AdoptExisting.ValueBool()}
		r.recordPlan(&resp.Diagnostics, use)
		r.planCreate(ctx, d, address, *plan, &resp.Diagnostics)
		r.planRows(ctx, nil, *plan, &resp.Diagnostics)
	case moves:
		r.planDelete(ctx, req.Private, *state, &resp.Diagnostics)
	default:
		r.recordUpdate(&resp.Diagnostics, address, state, plan)
		r.planUpdate(ctx, d, *state, *plan, &resp.Diagnostics)
		r.planRows(ctx, declaredRows(state.Grants), *plan, &resp.Diagnostics)
	}
}

// placed is the role with its workspace; state and plan may be nil.
func (r *roleResource) placed(state, plan *roleModel) framework.WorkspaceObject {
	if state == nil {
		return framework.WorkspaceObject{Plan: plan.Workspace}
	}
	return r.placedAs(attributeRole, describeRole(state.Workspace.ValueString(), state.Name.ValueString()), state.ID, state.Workspace,
		plan.Workspace)
}

const addressRoleKey = "address_role"

// addressRole returns the ID of the role that a resource address has in the state, empty if it has none. For a replacement the CLI plans
// twice, the second time without the state, but with the private state of the first time.
func addressRole(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, state *roleModel) string {
	if state == nil {
		var id string
		value, diags := req.Private.GetKey(ctx, addressRoleKey)
		resp.Diagnostics.Append(diags...)
		if len(value) > 0 && json.Unmarshal(value, &id) != nil {
			return ""
		}
		return id
	}
	value, err := json.Marshal(state.ID.ValueString())
	if err == nil {
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, addressRoleKey, value)...)
	}
	return state.ID.ValueString()
}

// recordUpdate records that a resource keeps or renames its role.
func (r *roleResource) recordUpdate(diags *diag.Diagnostics, address string, state, plan *roleModel) {
	if plan.Name.Equal(state.Name) {
		r.recordPlan(diags, framework.PlannedUse{Action: framework.PlanKeep, ID: address, Name: plan.Name.ValueString()})
		return
	}
	r.recordPlan(diags, framework.PlannedUse{Action: framework.PlanRenameFrom, ID: address, Name: state.Name.ValueString()})
	r.recordPlan(diags, framework.PlannedUse{Action: framework.PlanRenameTo, ID: address, Name: plan.Name.ValueString()})
}

// recordPlan records what a resource plans for the role of a name, and reports the first other resource that is at odds with it. Resources
// are planned in any order, so the last one reports it.
func (r *roleResource) recordPlan(diags *diag.Diagnostics, use framework.PlannedUse) {
	for _, other := range r.lock(use.Name).Plan(use) {
		if d := plannedRoleConflict(r.describe(use.Name), use, other); d != nil {
			diags.Append(d)
			return
		}
	}
}

// plannedRoleConflict explains why two resources of a plan cannot both have what they plan for the name of a role; nil if they can.
func plannedRoleConflict(object string, a, b framework.PlannedUse) diag.Diagnostic {
	if b.Action == framework.PlanDelete || b.Action == framework.PlanRenameFrom && a.Action != framework.PlanDelete {
		a, b = b, a // a gives the name up, if one of the two does
	}
	switch sameAddress := a.ID != "" && a.ID == b.ID; {
	case a.Action == framework.PlanDelete && b.Action == framework.PlanKeep:
		return diag.NewErrorDiagnostic("Role is managed by two resources", fmt.Sprintf("%s is in the state under two resource addresses, one "+
			"of which is no longer in the configuration. This plan would delete the role that the other one still manages.\n\nRemove the old "+
			"address from the state:\n\n  terraform state rm OLD_ADDRESS\n\nor with a removed block whose lifecycle has destroy = false.",
			framework.UpperFirst(object)))
	case a.Action == framework.PlanDelete && b.Action == framework.PlanCreate && !b.Adopts && !sameAddress:
		return diag.NewErrorDiagnostic("Role would be deleted and recreated", fmt.Sprintf("This plan deletes %s with its members and grants, "+
			"because a resource is no longer in the configuration, and creates a role with the same name for another resource.\n\nIf you only "+
			"renamed the resource, changed its for_each key, or moved it to another module, add a moved block from the old address to the new "+
			"one. To replace the role, use terraform apply -replace=ADDRESS.", object))
	case (a.Action == framework.PlanDelete && b.Action == framework.PlanRenameTo || a.Action == framework.PlanRenameFrom && b.HasNameAfterApply()) &&
		!sameAddress:
		return diag.NewErrorDiagnostic("Role name is still in use", fmt.Sprintf("This plan renames or deletes %s, and gives its name to "+
			"another role. Terraform runs the two operations in any order, so the name may still be in use.\n\nUse two applies: first rename or "+
			"delete that role, for example with terraform apply -target=ADDRESS, then apply the rest. To swap two names, first rename one of the "+
			"roles to a temporary name.", object))
	case a.HasNameAfterApply() && b.HasNameAfterApply() && !sameAddress:
		return diag.NewAttributeErrorDiagnostic(path.Root(attributeName), "Duplicate role", fmt.Sprintf("Two resources in the configuration "+
			"declare %s. A role can be managed by only one resource.\n\nRemove one of the two resources, or change its name.", object))
	}
	return nil
}

// planCreate looks the role up: one that is there must be adopted, which may take something away.
func (r *roleResource) planCreate(ctx context.Context, d *mlflowserver.Directory, address string, plan roleModel, diags *diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	role, err := d.Role(ctx, "", plan.Name.ValueString())
	switch {
	case framework.IsUnsupported(err):
		framework.AddUnsupportedError(diags, "roles", err)
	case rest.IsNotFound(err):
		r.checkWorkspace(ctx, d, diags)
	case err != nil: // apply reports what is still wrong then: the configuration may create the workspace, or the server
	case plan.AdoptExisting.IsUnknown():
	case plan.AdoptExisting.ValueBool():
		r.planAdoption(ctx, d, role, plan, diags)
	case address != plan.ID.ValueString() && !r.lock(plan.Name.ValueString()).IsRead():
		// A tainted resource is planned like a new one. Its role was refreshed in this run, and what else has that role is planned, too.
		addRoleTakenError(diags, plan.object(r.Client()))
	}
}

// checkWorkspace warns if the workspace of a new role does not exist, and no resource that was planned before creates it.
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

// addRoleTakenError refuses to create a role that is there.
func addRoleTakenError(diags *diag.Diagnostics, object string) {
	diags.AddAttributeError(path.Root(attributeName), "Could not create role: name already in use", fmt.Sprintf("%s already exists.\n\nTo "+
		"manage it, import it, or set adopt_existing = true: a new workspace comes with the roles \"admin\" and \"user\". If you only renamed "+
		"the resource, changed its for_each key, or moved it to another module, add a moved block from the old address to the new one. "+
		"Otherwise, choose another name.", framework.UpperFirst(object)))
}

// planAdoption warns of what the plan of a new resource cannot show.
func (r *roleResource) planAdoption(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, plan roleModel, diags *diag.Diagnostics,
) {
	if plan.Grants.IsUnknown() {
		return
	}
	declared := declaredRows(plan.Grants)
	var going []mlflowserver.RoleGrant
	for _, change := range rowChanges(role, declared, nil) {
		if change.kind == rowRemoved {
			going = append(going, change.grant)
		}
	}
	if len(going) > 0 {
		diags.AddAttributeWarning(path.Root("grants"), "Undeclared grants will be removed", fmt.Sprintf("%s has grants that are not in the "+
			"configuration. Apply removes them:\n%s\n\nDeclare the grants to keep.", framework.UpperFirst(plan.object(r.Client())),
			describeRows(going)))
	}
	if !plan.Description.IsUnknown() && plan.Description.ValueString() == "" && role.Description != "" {
		diags.AddWarning("Description will be cleared", fmt.Sprintf("%s has the description %q, which is not in the configuration. Apply "+
			"clears it.\n\nDeclare the description to keep it.", framework.UpperFirst(plan.object(r.Client())), role.Description))
	}
	r.keepsRows(ctx, d, role, plan, diags)
}

// planUpdate refuses changes that lock the current user out.
func (r *roleResource) planUpdate(ctx context.Context, d *mlflowserver.Directory, state, plan roleModel, diags *diag.Diagnostics) {
	before := declaredRows(state.Grants)
	if plan.Grants.IsUnknown() || before[typeWorkspace+"/"+everything] != levelManage || stillManages(plan) {
		return
	}
	role, err := d.Role(ctx, "", state.Name.ValueString())
	switch {
	case isRoleMissing(err):
	case err != nil:
		addRoleError(diags, "read role", state.object(r.Client()), err)
	default:
		r.keepsRows(ctx, d, role, plan, diags)
	}
}

// stillManages reports whether the members of the role that a plan declares manage the workspace, as far as is known.
func stillManages(plan roleModel) bool {
	level, declared := plan.Grants.Elements()[typeWorkspace+"/"+everything]
	return declared && (level.IsUnknown() || declaredRows(plan.Grants)[typeWorkspace+"/"+everything] == levelManage)
}

// keepsRows checks that the current user still manages the workspace with the grants of a plan.
func (r *roleResource) keepsRows(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, plan roleModel, diags *diag.Diagnostics,
) bool {
	return stillManages(plan) || r.keepsManagement(ctx, d, role, path.Root("grants"), "change grants of role", "The configuration", diags)
}

// planDelete refuses to delete the role that lets the current user delete it.
func (r *roleResource) planDelete(ctx context.Context, private framework.PrivateState, state roleModel, diags *diag.Diagnostics) {
	if r.Client() == nil || diags.HasError() || !r.checkRoleServer(ctx, private, "delete role", state.object(r.Client()), diags) {
		return
	}
	d := r.directory(diags)
	if d == nil || declaredRows(state.Grants)[typeWorkspace+"/"+everything] != levelManage {
		return
	}
	role, err := d.Role(ctx, "", state.Name.ValueString())
	switch {
	case isRoleMissing(err):
	case err != nil:
		addRoleError(diags, "delete role", state.object(r.Client()), err)
	default:
		r.keepsManagement(ctx, d, role, path.Root(attributeName), "delete role", "Deleting the role", diags)
	}
}

// planRows checks the declared rows that the state does not have: what they are granted on should be there, and nothing else should declare
// them.
func (r *roleResource) planRows(ctx context.Context, before map[string]string, plan roleModel, diags *diag.Diagnostics) {
	if plan.Grants.IsUnknown() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	declared := declaredRows(plan.Grants)
	for _, key := range framework.SortedKeys(declared) {
		g, ok := parseRowKey(key)
		if !ok || g.Type != typeExperiment || g.Pattern == everything {
			continue
		}
		at := path.Root("grants").AtMapKey(key)
		r.PlanRoleRow(diags, at, plan.Name.ValueString(), g.Pattern, true)
		if _, known := before[key]; known {
			continue
		}
		if _, err := r.Client().GetExperiment(ctx, g.Pattern); rest.IsNotFound(err) {
			diags.AddAttributeWarning(at, "Experiment not found", fmt.Sprintf("There is no experiment with ID %s. The server stores the grant all "+
				"the same, and it takes effect on the experiment that gets this ID later.\n\nCheck the ID, for example with mlflow_experiment.NAME.id.",
				g.Pattern))
		}
	}
}
