package server

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
)

// plannedWorkspace describes workspaces in the diagnostics of conflicting plans.
var plannedWorkspace = planned.Kind{Noun: "Workspace", NameAttribute: "name", Contents: "its roles"}

// ModifyPlan implements [resource.ResourceWithModifyPlan]. It rejects the deletion of a workspace with content.
func (r *workspaceResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan *workspaceModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if !req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if plan != nil {
		plan.ID = types.StringUnknown()
		if !plan.Name.IsUnknown() {
			plan.ID = plan.Name
		}
		resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	}
	token := framework.PlanToken(ctx, req, resp)
	renamed := state != nil && plan != nil && !plan.Name.IsUnknown() && !plan.Name.Equal(state.Name)
	if renamed {
		resp.RequiresReplace.Append(path.Root("name"))
	}
	if r.Client() == nil || r.directory(&resp.Diagnostics) == nil {
		return
	}
	if renamed && r.IsUnreviewedPlan(ctx, req.Private, workspaceMarkID(state.Name)) {
		addUnplannedWorkspaceError(&resp.Diagnostics, *state, *plan)
		return
	}
	r.recordPlan(token, state, plan, &resp.Diagnostics)
	switch {
	case resp.Diagnostics.HasError():
	case state == nil:
		r.checkSupported(ctx, &resp.Diagnostics)
		r.checkReplaceOption(ctx, req.Private, token, &resp.Diagnostics)
	case plan == nil:
		r.checkDestroy(ctx, req.Private, *state, deletion{action: "destroy workspace", at: path.Root("deletion_policy")}, &resp.Diagnostics)
	case renamed:
		r.checkDestroy(ctx, req.Private, *state, deletion{action: "replace workspace", at: path.Root("name")}, &resp.Diagnostics)
	default:
		r.Provider.Run.KeepInPlace(token, *state)
	}
}

// checkReplaceOption checks the deletion of a workspace that is replaced with -replace or replace_triggered_by: the first plan of the
// address keeps it, and the CLI plans it again without the state.
func (r *workspaceResource) checkReplaceOption(
	ctx context.Context, private framework.PrivateState, token string, diags *diag.Diagnostics,
) {
	if state, kept := r.Provider.Run.TakeKeptInPlace(token).(workspaceModel); kept {
		r.checkDestroy(ctx, private, state, deletion{action: "replace workspace", at: path.Root("deletion_policy")}, diags)
	}
}

// workspaceMarkID returns the ID of a workspace for [framework.RunState.MarkRead].
func workspaceMarkID(name types.String) string {
	return framework.KindWorkspace + " " + name.ValueString()
}

// addUnplannedWorkspaceError reports a replacement that the user did not see in a plan. Before it applies an update, the CLI plans it again
// with the values that were unknown. If the name differs then, the replacement would delete the workspace.
func addUnplannedWorkspaceError(diags *diag.Diagnostics, state, plan workspaceModel) {
	diags.AddAttributeError(path.Root("name"), "Could not replace workspace", fmt.Sprintf("%s cannot be renamed to %q. The new name was "+
		"unknown when this was planned, or the plan did not refresh the state. Nothing was changed.\n\nRun plan again, without -refresh=false: "+
		"it shows the replacement.", framework.UpperFirst(state.object()), plan.Name.ValueString()))
}

// checkSupported rejects a workspace on a server that does not support workspaces. Other failures are left to apply.
func (r *workspaceResource) checkSupported(ctx context.Context, diags *diag.Diagnostics) {
	d := r.directory(diags)
	if d == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	if _, err := d.Workspaces(ctx); framework.IsUnsupported(err) {
		framework.AddUnsupportedError(diags, workspacesNoun, err)
	}
}

// recordPlan records the planned use of a workspace name, and reports a conflict with another resource. Resources are planned in any
// order, so the last one reports it.
func (r *workspaceResource) recordPlan(token string, state, plan *workspaceModel, diags *diag.Diagnostics) {
	replaced := state != nil && plan != nil && !plan.Name.IsUnknown() && !plan.Name.Equal(state.Name)
	if state != nil && (plan == nil || replaced) && state.deletionPolicy() != deletionRetain {
		r.recordUse(planned.Use{Action: planned.Delete, Name: state.Name.ValueString()}, diags)
	}
	if plan == nil || plan.Name.IsUnknown() || replaced { // the CLI plans the new object of a replacement again, without the state
		return
	}
	use := planned.Use{Action: planned.Create, ID: token, Name: plan.Name.ValueString()}
	if state != nil {
		use.Action = planned.Keep
	}
	r.recordUse(use, diags)
}

func (r *workspaceResource) recordUse(use planned.Use, diags *diag.Diagnostics) {
	use.Object = describeWorkspace(use.Name)
	diags.Append(r.Provider.Run.ObjectLock(framework.KindWorkspace, use.Name).Plan(plannedWorkspace, use))
}
