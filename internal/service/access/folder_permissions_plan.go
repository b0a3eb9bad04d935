package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// ModifyPlan implements [resource.ResourceWithModifyPlan]. It suppresses equivalent spellings, keeps `retained` known if nothing is
// written, protects the access of the caller, and reports the grants that adopting a folder would remove.
func (r *folderPermissionsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroy
	}
	var plan, state folderPermissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	rules := framework.RulesOf(mlflow.KindDatabricks) // no other server has folders
	isNewPath := req.State.Raw.IsNull() || !plan.samePath(rules, &state)
	acl.CheckSpelling(&resp.Diagnostics, rules, &state.Declared, &plan.Declared)
	plan.SuppressEquivalent(rules, &state.Declared, isNewPath)
	plan.ID = types.StringUnknown()
	if !isNewPath {
		plan.Path, plan.ID = state.Path, state.ID
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if r.Client() == nil {
		return
	}
	folders, ok := foldersOrError(r.Client(), &resp.Diagnostics)
	if !ok || !r.checkSingleResource(&resp.Diagnostics, &plan, framework.PlanToken(ctx, req, resp)) ||
		!isNewPath && !plan.NeedsWrite(rules, &state.Declared) {
		return
	}
	list := r.list(folders, &plan)
	resp.Diagnostics.Append(list.PlanWrite(ctx, &plan.Declared)...)
	switch {
	case plan.Path.IsUnknown():
	case !isNewPath:
		resp.Diagnostics.Append(list.PlanChange(ctx, &plan.Declared, state.Retained)...)
	case !resp.Diagnostics.HasError():
		resp.Diagnostics.Append(r.planAdopt(ctx, folders, &plan, &state)...)
	}
}

// checkSingleResource rejects a second resource for the same folder. Terraform plans a resource twice when it replaces it, which the token
// distinguishes from two resources. It reports false after an error.
func (r *folderPermissionsResource) checkSingleResource(diags *diag.Diagnostics, plan *folderPermissionsModel, token string) bool {
	if plan.Path.IsUnknown() {
		return true
	}
	use := planned.Use{Action: planned.Keep, ID: token, Name: plan.Path.ValueString()}
	lock := r.Provider.Run.ObjectLock(framework.KindFolderPermissions, r.Client().NormalizeName(use.Name))
	if lock.Plan(planned.Kind{}, use) == nil { // the diagnostic below is about grants
		return true
	}
	diags.AddAttributeError(path.Root(attributePath), "Permissions are managed by two resources", fmt.Sprintf("Two resources in the "+
		"configuration declare all permissions of %s. Each would remove the grants of the other.\n\nDeclare all grants in one resource, "+
		"and remove the other.",
		plan.folder()))
	return false
}

// planAdopt looks up a folder whose permissions the plan adopts. The folder can be missing if the apply creates it. state is empty if the
// plan creates the resource.
func (r *folderPermissionsResource) planAdopt(
	ctx context.Context, folders mlflow.Folders, plan, state *folderPermissionsModel,
) diag.Diagnostics {
	var diags diag.Diagnostics
	folder, err := folders.Find(ctx, plan.Path.ValueString())
	var other *mlflow.NotFolderError
	switch {
	case err == nil:
		found := *plan
		found.ID = types.StringValue(folder.ID)
		list := r.list(folders, &found)
		if found.ID.Equal(state.ID) { // the folder of the state, which was moved to the planned path
			return list.PlanChange(ctx, &plan.Declared, state.Retained)
		}
		return list.PlanAdopt(ctx, &plan.Declared)
	case errors.As(err, &other):
		detail := framework.ErrorDetail(fmt.Sprintf("%q", plan.Path.ValueString()), err, other.Advice)
		diags.AddAttributeError(path.Root(attributePath), "Path is not a folder", detail)
	case !rest.IsNotFound(err):
		findProblem(r.list(folders, plan), err).AddPlanError(&diags)
	case !plan.CreateParents.ValueBool() && !plan.CreateParents.IsUnknown():
		framework.AddWarning(&diags, "read permissions", plan.folder(), err, "Apply fails unless the folder exists by then. Set "+
			"create_parents = true to create it, or let this resource depend on the one that creates it.")
	}
	return diags
}
