package access

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// Create implements [resource.Resource]. After an error there is no state: nothing was created that a destroy would have to remove.
func (r *experimentPermissionsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan experimentPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseCreateWorkspace(ctx, plan.Workspace, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(r.write(ctx, &plan, nil)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		created := r.LookUpCreationTime(ctx, plan.ExperimentID.ValueString(), plan.created)
		resp.Diagnostics.Append(r.StoreExperimentServer(ctx, resp.Private, created)...)
		resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
	}
}

// write writes the list, see [acl.List.Write].
func (r *experimentPermissionsResource) write(ctx context.Context, plan *experimentPermissionsModel, state *acl.Declared) diag.Diagnostics {
	var diags diag.Diagnostics
	after := plan.list(&r.ResourceBase).Write(ctx, &plan.Declared, state, &diags)
	plan.created = cmp.Or(framework.FormatCreationTime(after.Created), plan.created)
	return diags
}
