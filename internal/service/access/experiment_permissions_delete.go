package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// Delete implements [resource.Resource].
func (r *experimentPermissionsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state experimentPermissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.UseStateWorkspace(state.Workspace)
	state.created = framework.CreationTimeFrom(ctx, req.Private)
	if !resp.Diagnostics.HasError() && r.CheckServer(ctx, req.Private, "remove permissions", state.stateObject(), &resp.Diagnostics) {
		resp.Diagnostics.Append(state.list(&r.ResourceBase).Revoke(ctx, &state.Declared)...)
	}
}
