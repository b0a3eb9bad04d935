package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Create creates or adopts an account. After it has created one, it never fails: an error would taint the resource, and the next apply
// would delete the account. The next plan shows an attribute that could not be set, and Update sets it.
func (r *userResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan userModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	password := passwordOf(ctx, req.Config, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	d := framework.Directory(r.Client(), "users", &resp.Diagnostics)
	if d == nil {
		return
	}
	lock := r.Provider.Run.ObjectLock(kindUser, plan.name())
	lock.Lock()
	defer lock.Unlock()
	if lock.Claimed {
		resp.Diagnostics.Append(plannedUser.DuplicateError(plan.object()))
		return
	}
	// An account to adopt stays claimed after a failure: the old resource of a renamed one would delete it.
	lock.Claimed = plan.AdoptExisting.ValueBool()
	c := userCreator{directory: d, plan: plan, password: password, diags: &resp.Diagnostics}
	if !c.createOrAdopt(ctx) {
		return
	}
	lock.Claimed = true
	plan.ID, plan.Password = plan.Username, types.StringNull()
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(framework.StorePlanToken(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity())...)
}

// userCreator creates or adopts the account of one plan. Its methods add errors to diags, and return whether they succeeded.
type userCreator struct {
	directory *mlflowserver.Directory
	plan      userModel
	password  types.String
	diags     *diag.Diagnostics
}

// createOrAdopt looks up the account first, because the response to a create request with a username in use contains the password hash.
func (c userCreator) createOrAdopt(ctx context.Context) bool {
	u, err := c.directory.User(ctx, c.plan.name())
	switch {
	case err == nil:
		return c.adopt(ctx, u)
	case !rest.IsNotFound(err):
		framework.AddDirectoryError(c.diags, "create user", c.plan.object(), err, adminAdvice)
		return false
	case c.password.ValueString() == "":
		addPasswordMissingError(c.diags, c.plan.name(), true)
		return false
	}
	err = c.directory.CreateUser(ctx, c.plan.name(), c.password.ValueString())
	if _, taken := errors.AsType[*mlflowserver.TakenError](err); taken {
		return c.adoptAfterRace(ctx)
	}
	if err != nil {
		framework.AddDirectoryError(c.diags, "create user", c.plan.object(), err, adminAdvice)
		return false
	}
	if c.plan.Admin.ValueBool() {
		if err := c.directory.SetAdmin(ctx, c.plan.name(), true); err != nil {
			framework.AddWarning(c.diags, "make the user a server admin", c.plan.object(), err, "The account was created. The next "+
				"plan shows admin, and the next apply sets it.")
		}
	}
	return true
}

// adoptAfterRace adopts an account that was created outside Terraform after the lookup.
func (c userCreator) adoptAfterRace(ctx context.Context) bool {
	if !c.plan.AdoptExisting.ValueBool() {
		c.addUsernameInUseError()
		return false
	}
	u, err := c.directory.User(ctx, c.plan.name())
	if err != nil {
		framework.AddDirectoryError(c.diags, "adopt user", c.plan.object(), err, adminAdvice)
		return false
	}
	return c.adopt(ctx, u)
}

// adopt sets the attributes of an existing account to the declared values. After a failure, the account is not in the state, because a
// tainted resource would delete it.
func (c userCreator) adopt(ctx context.Context, u mlflowserver.User) bool {
	if !c.plan.AdoptExisting.ValueBool() {
		c.addUsernameInUseError()
		return false
	}
	admin, password := c.plan.Admin.ValueBool(), c.password.ValueString()
	change := userChange{demotes: u.Admin && !admin, setsPassword: password != ""}
	if !(accountGuard{c.directory, u.Name, change, c.diags}).check(ctx) {
		return false
	}
	if password != "" {
		if err := c.directory.SetPassword(ctx, u.Name, password); err != nil {
			framework.AddDirectoryError(c.diags, "adopt user", c.plan.object(), err, adminAdvice)
			return false
		}
	}
	if u.Admin != admin {
		if err := c.directory.SetAdmin(ctx, u.Name, admin); err != nil {
			framework.AddDirectoryError(c.diags, "adopt user", c.plan.object(), err, adminAdvice)
			return false
		}
	}
	return true
}

// addUsernameInUseError reports that the username is in use, without the message of the server, which contains the password hash.
func (c userCreator) addUsernameInUseError() {
	c.diags.AddAttributeError(path.Root(attributeUsername), "Could not create user: username already in use", fmt.Sprintf("%s existed "+
		"before this apply. Nothing was changed.\n\nTo manage it, import it:\n\n  import {\n    to = ADDRESS\n    id = %q\n  }\n\nor set "+
		"adopt_existing = true. Otherwise, choose another username.", framework.UpperFirst(c.plan.object()), c.plan.name()))
}
