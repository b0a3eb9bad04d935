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
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// plannedUser describes users in the diagnostics of conflicting plans.
var plannedUser = planned.Kind{Noun: "User", NameAttribute: attributeUsername, Contents: "its permissions and role memberships"}

// ModifyPlan implements [resource.ResourceWithModifyPlan].
func (r *userResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan *userModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.recordPlan(&resp.Diagnostics, framework.PlanToken(ctx, req, resp), state, plan)
	if plan == nil {
		r.planDelete(ctx, req.Private, *state, &resp.Diagnostics)
		return
	}
	plan.ID = plan.Username
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), plan.ID)...)
	password := passwordOf(ctx, req.Config, &resp.Diagnostics)
	switch {
	case state == nil:
		r.planCreate(ctx, *plan, password, &resp.Diagnostics)
	case !plan.Username.IsUnknown() && !plan.Username.Equal(state.Username):
		resp.RequiresReplace.Append(path.Root(attributeUsername))
		r.planReplace(ctx, req.Private, *state, *plan, &resp.Diagnostics)
	default:
		r.planUpdate(ctx, req.Private, *state, *plan, password, &resp.Diagnostics)
	}
}

// planCreate rejects accounts that cannot be created. It does not reject a username in use, because the plan of a replacement looks the
// same.
func (r *userResource) planCreate(ctx context.Context, plan userModel, password types.String, diags *diag.Diagnostics) {
	if password.IsNull() && !plan.AdoptExisting.ValueBool() && !plan.AdoptExisting.IsUnknown() {
		addPasswordMissingError(diags, plan.name(), false)
		return
	}
	if r.Client() == nil || plan.Username.IsUnknown() {
		return
	}
	d := framework.Directory(r.Client(), "users", diags)
	if d == nil {
		return
	}
	lookup, cancel := context.WithTimeout(ctx, framework.PlanTimeout)
	defer cancel()
	u, err := d.User(lookup, plan.name())
	switch {
	case framework.IsUnsupported(err):
		framework.AddUnsupportedError(diags, "users", err)
		return
	case rest.IsNotFound(err) && password.IsNull():
		addPasswordMissingError(diags, plan.name(), true)
		return
	case err == nil && plan.AdoptExisting.ValueBool():
		change := userChange{demotes: u.Admin && plan.isDemoted(), setsPassword: !password.IsNull()}
		if !(accountGuard{d, plan.name(), change, diags}).check(ctx) {
			return
		}
	case err != nil && !rest.IsNotFound(err):
		return
	}
	checkPassword(ctx, d, plan.name(), password, diags)
}

// isDemoted reports whether admin is known to be false.
func (m *userModel) isDemoted() bool { return !m.Admin.IsUnknown() && !m.Admin.ValueBool() }

// planUpdate rejects changes that lock out the provider, and a new version of the password without a password.
func (r *userResource) planUpdate(
	ctx context.Context, private framework.PrivateState, state, plan userModel, password types.String, diags *diag.Diagnostics,
) {
	newPassword := plan.setsPassword(&state) && !plan.PasswordWOVersion.IsUnknown()
	if newPassword && password.IsNull() {
		addNoNewPasswordError(diags, state.name())
	}
	change := userChange{demotes: state.Admin.ValueBool() && plan.isDemoted(), setsPassword: newPassword}
	if r.Client() == nil || change == (userChange{}) || diags.HasError() ||
		!r.CheckServerURL(ctx, private, "update user", state.object(), diags) {
		return
	}
	d := framework.Directory(r.Client(), "users", diags)
	if d == nil || !(accountGuard{d, state.name(), change, diags}).check(ctx) {
		return
	}
	if newPassword {
		checkPassword(ctx, d, state.name(), password, diags)
	}
}

// planReplace rejects a replacement that the user did not see in a plan. Before it applies an update, the CLI plans it again with the
// values that were unknown. If the username differs then, the replacement would delete the account and cause an error of the CLI. That
// second plan runs without a refresh of the account.
func (r *userResource) planReplace(ctx context.Context, private framework.PrivateState, state, plan userModel, diags *diag.Diagnostics) {
	if r.Client() != nil && !r.isRefreshed(state) && framework.MarkOf(ctx, private) != (framework.ServerMark{}) {
		addUnplannedReplaceError(diags, state, plan)
		return
	}
	r.planDelete(ctx, private, state, diags)
}

// isRefreshed reports whether this run refreshed the account of a state.
func (r *userResource) isRefreshed(state userModel) bool {
	lock := r.Provider.Run.ObjectLock(kindUser, state.name())
	lock.Lock()
	defer lock.Unlock()
	return lock.Refreshed
}

// addUnplannedReplaceError reports a replacement that the user did not see in a plan.
func addUnplannedReplaceError(diags *diag.Diagnostics, state, plan userModel) {
	diags.AddAttributeError(path.Root(attributeUsername), "Could not replace user", fmt.Sprintf("%s cannot be renamed to %q. The new "+
		"username was unknown when this was planned, or the plan did not refresh the state. Nothing was changed.\n\nRun plan again, without "+
		"-refresh=false: it shows the replacement.", framework.UpperFirst(state.object()), plan.name()))
}

// planDelete rejects the deletion of the account that the provider uses and of the last server admin.
func (r *userResource) planDelete(ctx context.Context, private framework.PrivateState, state userModel, diags *diag.Diagnostics) {
	if r.Client() == nil || state.isRetained() || diags.HasError() ||
		!r.CheckServerURL(ctx, private, "delete user", state.object(), diags) {
		return
	}
	if d := framework.Directory(r.Client(), "users", diags); d != nil {
		accountGuard{d, state.name(), userChange{deletes: true}, diags}.check(ctx)
	}
}

// recordPlan records the planned use of a username, and reports a conflict with another resource. A resource that is renamed without a
// moved block looks like two, one to delete and one to create, and the account would lose its permissions.
func (r *userResource) recordPlan(diags *diag.Diagnostics, token string, state, plan *userModel) {
	var use planned.Use
	switch {
	case plan == nil && state.isRetained(), plan != nil && plan.Username.IsUnknown(), r.Provider == nil:
		return
	case plan == nil:
		use = planned.Use{Action: planned.Delete, Name: state.name()}
	case state == nil:
		use = planned.Use{Action: planned.Create, ID: token, Name: plan.name()}
	case state.Username.Equal(plan.Username):
		use = planned.Use{Action: planned.Keep, ID: token, Name: plan.name()}
	default:
		return // the plan of the creation that follows records the new name
	}
	use.Object = describeUser(use.Name)
	diags.Append(r.Provider.Run.ObjectLock(kindUser, use.Name).Plan(plannedUser, use))
}
