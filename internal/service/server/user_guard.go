package server

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// This file prevents plans and applies that would leave the server without an admin, or the provider without access: the server lets an
// admin demote itself, even the last one, and after that no API call can create an admin.

// userChange is what an operation does to an account that exists.
type userChange struct{ deletes, demotes, setsPassword bool }

// accountGuard checks one operation on one account.
type accountGuard struct {
	directory *mlflowserver.Directory
	name      string
	change    userChange
	diags     *diag.Diagnostics
}

// check reports whether the change affects neither the account that the provider uses nor the last server admin. It adds an error if it
// does, or if that cannot be determined. It sends no request if the change is harmless.
func (g accountGuard) check(ctx context.Context) bool {
	if g.change == (userChange{}) {
		return true
	}
	caller, err := g.directory.Caller(ctx)
	if err != nil {
		framework.AddError(g.diags, "look up the current user", describeUser(g.name), err, "The provider looks up its own account so "+
			"that it does not delete or demote it.")
		return false
	}
	if caller.Principal.Name == g.name {
		g.addOwnAccountErrors()
		return false
	}
	if !g.change.deletes && !g.change.demotes {
		return true
	}
	last, err := g.isLastAdmin(ctx)
	if err != nil {
		framework.AddError(g.diags, "look up the server admins", describeUser(g.name), err, "The provider looks them up so that it "+
			"does not remove the last one.")
		return false
	}
	if last {
		g.addLastAdminError()
	}
	return !last
}

// isLastAdmin reports whether the account is the only server admin. On a server that does not list users, only an admin can change
// accounts, and the account of the provider is such an admin, so this account is not the only one.
func (g accountGuard) isLastAdmin(ctx context.Context) (bool, error) {
	u, err := g.directory.User(ctx, g.name)
	if rest.IsNotFound(err) || err == nil && !u.Admin {
		return false, nil
	}
	users, err := g.directory.Users(ctx)
	if framework.IsUnsupported(err) || rest.IsPermissionDenied(err) {
		return false, nil
	}
	last := false
	for _, u := range users {
		switch {
		case u.Admin && u.Name == g.name:
			last = true
		case u.Admin:
			return false, nil
		}
	}
	return last, err
}

// addOwnAccountErrors reports the rejected changes to the account that the provider uses.
func (g accountGuard) addOwnAccountErrors() {
	object := fmt.Sprintf("%s is the account that the provider is authenticated as", framework.UpperFirst(describeUser(g.name)))
	if g.change.deletes {
		g.diags.AddError("Could not delete user", object+". The provider does not delete its own account. "+
			"Nothing was deleted.\n\nTo only remove it from the state, apply deletion_policy = \"retain\" first, or use a removed block with "+
			"destroy = false. To delete it, configure the provider with the username and password of another server admin.")
	}
	if g.change.demotes {
		g.diags.AddAttributeError(path.Root(attributeAdmin), "Could not update user", object+". Without admin = true, the "+
			"provider could no longer manage users or make the account a server admin again. Nothing was changed.\n\nSet admin = true, "+
			"or configure the provider with the username and password of another server admin.")
	}
	if g.change.setsPassword {
		g.diags.AddAttributeError(path.Root(attributePasswordVersion), "Could not set password", object+". The provider does not set "+
			"the password of its own account, because it could no longer authenticate. Nothing was changed.\n\nDo not change "+
			"password_wo_version. Change the password in the MLflow UI, then in the provider configuration, or configure the provider with the "+
			"username and password of another server admin.")
	}
}

// addLastAdminError reports that no server admin would be left.
func (g accountGuard) addLastAdminError() {
	object := fmt.Sprintf("%s is the only server admin. Without a server admin, no API call can create one. Nothing was changed.\n\n",
		framework.UpperFirst(describeUser(g.name)))
	if g.change.deletes {
		g.diags.AddError("Could not delete user", object+"First make another user a server admin. To only remove the user from the "+
			"state, apply deletion_policy = \"retain\" first, or use a removed block with destroy = false.")
		return
	}
	g.diags.AddAttributeError(path.Root(attributeAdmin), "Could not update user", object+"Set admin = true, or first make another user "+
		"a server admin.")
}
