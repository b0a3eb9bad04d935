package server

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Update implements [resource.Resource]. After a failure, the state contains the completed changes.
func (r *userResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state userModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	password := passwordOf(ctx, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	change := userChange{demotes: state.Admin.ValueBool() && !plan.Admin.ValueBool(), setsPassword: plan.setsPassword(&state)}
	if !r.CheckServerURL(ctx, req.Private, "update user", state.object(), &resp.Diagnostics) {
		return
	}
	d := framework.Directory(r.Client(), "users", &resp.Diagnostics)
	switch {
	case d == nil:
		return
	case !plan.Username.Equal(state.Username):
		addUnplannedReplaceError(&resp.Diagnostics, state, plan)
		return
	case change.setsPassword && password.ValueString() == "":
		addNoNewPasswordError(&resp.Diagnostics, state.name())
		return
	case !(accountGuard{d, state.name(), change, &resp.Diagnostics}).check(ctx):
		return
	}
	if !plan.Admin.Equal(state.Admin) {
		if err := d.SetAdmin(ctx, state.name(), plan.Admin.ValueBool()); err != nil {
			addUpdateError(resp, "update user", state, err)
			return
		}
		state.Admin = plan.Admin
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
	if change.setsPassword {
		if err := d.SetPassword(ctx, state.name(), password.ValueString()); err != nil {
			addUpdateError(resp, "set password", state, err)
			return
		}
	}
	plan.ID, plan.Password = plan.Username, types.StringNull()
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
}

// addUpdateError reports a failed change.
func addUpdateError(resp *resource.UpdateResponse, action string, state userModel, err error) {
	if rest.IsNotFound(err) {
		framework.AddError(&resp.Diagnostics, action, state.object(), err, "The account was deleted outside Terraform. Run plan "+
			"again. The next apply creates a new account.")
		return
	}
	framework.AddDirectoryError(&resp.Diagnostics, action, state.object(), err, adminAdvice)
}
