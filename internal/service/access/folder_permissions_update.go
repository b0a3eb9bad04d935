package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// Update implements [resource.Resource]. A different path does not replace the resource, because a path that is unknown during plan can
// turn out to be the same. The grants are created on the new folder before they are revoked on the old one.
func (r *folderPermissionsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state folderPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !r.CheckServer(ctx, req.Private, "update permissions", state.stateObject(r.Client()), &resp.Diagnostics) {
		return
	}
	folders, ok := foldersOrError(r.Client(), &resp.Diagnostics)
	if !ok {
		return
	}
	folder, earlier := mlflow.Folder{ID: state.ID.ValueString()}, &state.Declared
	isNewPath := !plan.samePath(r.Client(), &state)
	writes := isNewPath || plan.NeedsWrite(r.Client(), &state.Declared)
	switch {
	case isNewPath:
		folder, ok = r.findOrCreate(ctx, folders, &plan, &resp.Diagnostics)
	case writes:
		ok = r.checkInPlace(ctx, folders, &state, &resp.Diagnostics)
	}
	if !ok {
		return
	}
	plan.ID = types.StringValue(folder.ID)
	if !plan.ID.Equal(state.ID) {
		earlier = nil
	}
	if writes {
		r.list(folders, &plan).Write(ctx, &plan.Declared, earlier, &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() && !plan.ID.Equal(state.ID) {
		resp.Diagnostics.Append(r.list(folders, &state).Revoke(ctx, &state.Declared)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
	if isNewPath {
		resp.Diagnostics.Append(r.storeServer(ctx, resp.Private, folder)...)
	}
}

// checkInPlace checks that the folder in the state is still at its path before its list is changed. It reports false after an error.
func (r *folderPermissionsResource) checkInPlace(
	ctx context.Context, folders mlflow.Folders, state *folderPermissionsModel, diags *diag.Diagnostics,
) bool {
	const action = "set permissions"
	folder, err := folders.Find(ctx, state.Path.ValueString())
	if reason := r.missingReason(ctx, folders, state, folder, err); reason != "" {
		diags.AddError("Could not "+action, reason+" Nothing was changed.\n\nRun terraform plan again to review the changes at the path.")
		return false
	}
	if err != nil {
		findProblem(r.list(folders, state), err).AddError(diags, action)
	}
	return err == nil
}
