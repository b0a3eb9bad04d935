package server

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Update implements [resource.Resource]. It never changes a workspace with another name.
func (r *workspaceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan workspaceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	if resp.Diagnostics.HasError() || !r.CheckServerURL(ctx, req.Private, "update workspace", state.object(), &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	if !plan.Name.Equal(state.Name) {
		addUnplannedWorkspaceError(&resp.Diagnostics, state, plan)
		return
	}
	lock := r.Provider.Run.ObjectLock(framework.KindWorkspace, plan.Name.ValueString())
	lock.Lock()
	defer lock.Unlock()
	if lock.Claimed {
		resp.Diagnostics.Append(plannedWorkspace.DuplicateError(plan.object()))
		return
	}
	lock.Claimed = true // even if the update fails: another resource must not delete the workspace
	if !r.updateExisting(ctx, d, "update workspace", plan, &resp.Diagnostics) {
		return
	}
	plan.ID = plan.Name
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
}

// updateExisting sets the description and the artifact root of an existing workspace to those of the plan, and reports whether it
// succeeded. It sends no update request if nothing differs.
func (r *workspaceResource) updateExisting(
	ctx context.Context, d *mlflowserver.Directory, action string, plan workspaceModel, diags *diag.Diagnostics,
) bool {
	found, err := d.Workspace(ctx, plan.Name.ValueString())
	if err == nil && found != plan.declared() {
		err = d.UpdateWorkspace(ctx, plan.declared())
	}
	switch {
	case rest.IsNotFound(err):
		diags.AddError("Could not "+action, fmt.Sprintf("%s no longer exists. Nothing was changed.\n\nRun plan again. If the workspace is "+
			"still in the configuration, the next apply creates a new one.", framework.UpperFirst(plan.object())))
	case err != nil:
		addWorkspaceError(diags, action, plan.object(), err)
	}
	return err == nil
}
