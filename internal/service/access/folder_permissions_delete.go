package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// Delete implements [resource.Resource]. It does not delete the folder.
func (r *folderPermissionsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state folderPermissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if resp.Diagnostics.HasError() ||
		!r.CheckServer(ctx, req.Private, "remove permissions", state.stateObject(r.Client()), &resp.Diagnostics) {
		return
	}
	if folders, ok := foldersOrError(r.Client(), &resp.Diagnostics); ok {
		resp.Diagnostics.Append(r.list(folders, &state).Revoke(ctx, &state.Declared)...)
	}
}
