package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Delete implements [resource.Resource]. It succeeds if the account no longer exists.
func (r *userResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state userModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.isRetained() ||
		!r.CheckServerURL(ctx, req.Private, "delete user", state.object(), &resp.Diagnostics) {
		return
	}
	d := framework.Directory(r.Client(), "users", &resp.Diagnostics)
	if d == nil {
		return
	}
	lock := r.Provider.Run.ObjectLock(kindUser, state.name())
	lock.Lock()
	defer lock.Unlock()
	if lock.Claimed {
		resp.Diagnostics.AddWarning("User removed from state, not deleted", fmt.Sprintf("%s was created, adopted, or "+
			"changed by another resource in this apply, which now manages it. If that resource failed, fix its error and apply again.",
			framework.UpperFirst(state.object())))
		return
	}
	if !(accountGuard{d, state.name(), userChange{deletes: true}, &resp.Diagnostics}).check(ctx) {
		return
	}
	switch err := d.DeleteUser(ctx, state.name()); {
	case err == nil, rest.IsNotFound(err):
	case isBadRequest(err):
		framework.AddError(&resp.Diagnostics, "delete user", state.object(), err, "MLflow before 3.13 does not delete an account that "+
			"has permissions. Revoke its permissions on experiments and registered models first, including those that it has as the creator of "+
			"an object. To only remove the user from the state, apply deletion_policy = \"retain\" first, or use a removed block with "+
			"destroy = false.")
	default:
		framework.AddDirectoryError(&resp.Diagnostics, "delete user", state.object(), err, adminAdvice)
	}
}

// isBadRequest reports whether the server rejected a deletion with HTTP 400. The request is always valid, so the account is the reason.
func isBadRequest(err error) bool {
	refusal, ok := rest.AsRefusal(err)
	return ok && refusal.Status == http.StatusBadRequest
}
