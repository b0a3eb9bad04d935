package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Create implements [resource.Resource]. After an error there is no state: no grant was made, and a folder that was created is kept.
func (r *folderPermissionsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan folderPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	folders, ok := foldersOrError(r.Client(), &resp.Diagnostics)
	if !ok {
		return
	}
	folder, ok := r.findOrCreate(ctx, folders, &plan, &resp.Diagnostics)
	if !ok {
		return
	}
	plan.ID = types.StringValue(folder.ID)
	r.list(folders, &plan).Write(ctx, &plan.Declared, nil, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(r.storeServer(ctx, resp.Private, folder)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
	}
}

// findOrCreate returns the folder at the planned path, and creates it if create_parents is true. ok is false after an error.
func (r *folderPermissionsResource) findOrCreate(
	ctx context.Context, folders mlflow.Folders, plan *folderPermissionsModel, diags *diag.Diagnostics,
) (folder mlflow.Folder, ok bool) {
	const action = "set permissions"
	name := r.Client().NormalizeName(plan.Path.ValueString())
	folder, err := folders.Find(ctx, name)
	switch {
	case err == nil:
		return folder, true
	case !rest.IsNotFound(err):
		findProblem(r.list(folders, plan), err).AddError(diags, action)
		return folder, false
	case !plan.CreateParents.ValueBool():
		framework.AddError(diags, action, plan.folder(), err, "Set create_parents = true to create the folder, or let this resource "+
			"depend on the one that creates it.")
		return folder, false
	}
	if err := r.Provider.Run.CreateFolder(ctx, folders, name); err != nil {
		framework.AddError(diags, "create folder", plan.folder(), err, "Creating a folder requires CAN_MANAGE on its parent folder; "+
			"directly in the root, only workspace admins can create folders.")
		return folder, false
	}
	if folder, err = folders.Find(ctx, name); err != nil {
		framework.AddError(diags, action, plan.folder(), err, "The folder was created, but no permissions were set. Apply again.")
		return folder, false
	}
	return folder, true
}
