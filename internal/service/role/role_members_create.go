package role

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Create implements [resource.Resource].
func (r *roleMembersResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan roleMembersModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.UseWorkspace(plan.Workspace, &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil || !r.setMembers(ctx, d, plan, &resp.Diagnostics) {
		return
	}
	plan.setID(r.Client())
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, plan.identity(r.Client()))...)
}

// setMembers sets the members of the role to the declared users. It first checks that all of them exist, and adds users before it removes
// others.
func (r *roleMembersResource) setMembers(
	ctx context.Context, d *mlflowserver.Directory, plan roleMembersModel, diags *diag.Diagnostics,
) bool {
	name, declared := plan.Role.ValueString(), plan.users()
	lock := r.lock(name)
	lock.Lock()
	defer lock.Unlock()
	if lock.MemberList {
		addMembersManagedTwiceError(diags, "Another resource in this apply set all members of %s. Only one resource can manage them. Nothing "+
			"was changed for this one.\n\nRemove one of the two resources.", r.describe(name))
		return false
	}
	role, ok := r.lookUpRole(ctx, d, name, "set members of role", diags)
	if !ok || !r.checkUsers(ctx, d, role, declared, diags) {
		return false
	}
	var removed []string
	for _, member := range role.Members {
		if !slices.Contains(declared, member) && !lock.Members[member] {
			removed = append(removed, member)
		}
	}
	isRemoved := func(user string) bool { return slices.Contains(removed, user) }
	if !r.checkOwnMembership(ctx, d, name, path.Root(attributeUsers), isRemoved, diags) {
		return false
	}
	lock.MemberList = true
	for _, user := range declared {
		lock.DeclareMember(user)
		if slices.Contains(role.Members, user) {
			continue
		}
		if err := d.Assign(ctx, role, user); err != nil {
			addRoleError(diags, "add member to role", fmt.Sprintf("user %q in %s", user, r.describe(name)), err)
			return false
		}
	}
	for _, user := range removed {
		if err := d.Unassign(ctx, role, user); err != nil {
			addRoleError(diags, "remove member from role", fmt.Sprintf("user %q in %s", user, r.describe(name)), err)
			return false
		}
	}
	return true
}

// checkUsers checks that all declared members exist, and that the current user can read the members of the role.
func (r *roleMembersResource) checkUsers(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, declared []string, diags *diag.Diagnostics,
) bool {
	object := "members of " + r.describe(role.Name)
	if role.Members == nil {
		addMembersHiddenError(diags, "set members of role", r.describe(role.Name))
		return false
	}
	users, err := d.Users(ctx)
	if err != nil {
		addRoleError(diags, "set members of role", object, err)
		return false
	}
	ok := true
	for _, user := range declared {
		if !slices.ContainsFunc(users, func(u mlflowserver.User) bool { return u.Name == user }) {
			addMissingUserError(diags, path.Root(attributeUsers).AtSetValue(types.StringValue(user)), "set members of role", object, user)
			ok = false
		}
	}
	return ok
}

// removeMembers removes the members of a state from their role, except those that other resources of this run declare.
func (r *roleMembersResource) removeMembers(
	ctx context.Context, d *mlflowserver.Directory, state roleMembersModel, diags *diag.Diagnostics,
) bool {
	name := state.Role.ValueString()
	lock := r.lock(name)
	lock.Lock()
	defer lock.Unlock()
	if lock.MemberList {
		diags.AddWarning("Members removed from state, not from the role", fmt.Sprintf("Another resource in this apply, "+
			"or the replacement of this one, declares the members of %s and now manages them.", r.describe(name)))
		return true
	}
	role, err := d.Role(ctx, "", name)
	if isRoleMissing(err) {
		return true
	}
	if err != nil {
		addRoleError(diags, "remove members of role", r.describe(name), err)
		return false
	}
	isRemoved := func(user string) bool { return slices.Contains(state.users(), user) && !lock.Members[user] }
	if !r.checkOwnMembership(ctx, d, name, path.Root(attributeUsers), isRemoved, diags) {
		return false
	}
	for _, user := range state.users() {
		if lock.Members[user] {
			warnMemberKept(diags, user, framework.UpperFirst(r.describe(name)))
			continue
		}
		if err := d.Unassign(ctx, role, user); err != nil {
			addRoleError(diags, "remove member from role", fmt.Sprintf("user %q in %s", user, r.describe(name)), err)
			return false
		}
	}
	return true
}

// warnMemberKept reports that another resource of the run declares a member.
func warnMemberKept(diags *diag.Diagnostics, user, object string) {
	diags.AddWarning("Member removed from state, not from the role", fmt.Sprintf("%s: another resource in this apply, or the replacement of "+
		"this one, declares the member %q and now manages it.", object, user))
}
