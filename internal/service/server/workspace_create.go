package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Create implements [resource.Resource].
func (r *workspaceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan workspaceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil || !r.createOrAdopt(ctx, d, plan, &resp.Diagnostics) {
		return
	}
	plan.ID = plan.Name
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(framework.StorePlanToken(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
}

// createOrAdopt creates or adopts the workspace of a plan, and claims it, so no other resource in this apply deletes it. A workspace to
// adopt stays claimed after a failure: the old resource of a renamed one would delete it.
func (r *workspaceResource) createOrAdopt(
	ctx context.Context, d *mlflowserver.Directory, plan workspaceModel, diags *diag.Diagnostics,
) bool {
	lock := r.Provider.Run.ObjectLock(framework.KindWorkspace, plan.Name.ValueString())
	lock.Lock()
	defer lock.Unlock()
	if lock.Claimed {
		diags.Append(plannedWorkspace.DuplicateError(plan.object()))
		return false
	}
	lock.Claimed = plan.AdoptExisting.ValueBool()
	err := d.CreateWorkspace(ctx, plan.declared())
	taken, isTaken := errors.AsType[*mlflowserver.TakenError](err)
	switch {
	case isTaken && plan.AdoptExisting.ValueBool():
		return r.updateExisting(ctx, d, "adopt workspace", plan, diags)
	case isTaken:
		addWorkspaceNameInUseError(diags, plan, taken)
	case err != nil:
		addWorkspaceError(diags, "create workspace", plan.object(), err)
	default:
		lock.Claimed = true
	}
	return err == nil
}

func addWorkspaceNameInUseError(diags *diag.Diagnostics, plan workspaceModel, taken *mlflowserver.TakenError) {
	name := plan.Name.ValueString()
	diags.AddAttributeError(path.Root("name"), "Could not create workspace: name already in use", fmt.Sprintf(
		"%s.\n\nTo manage it, import it:\n\n  import {\n    to = ADDRESS\n    id = %q\n  }\n\nor set adopt_existing = true. "+
			"Otherwise, choose another name.", framework.UpperFirst(taken.Error()), name))
}
