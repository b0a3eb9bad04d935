package role

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// lookUpRole looks up the role whose members change, and reports a missing role at the attribute role.
func (b *roleBase) lookUpRole(
	ctx context.Context, d *mlflowserver.Directory, name, action string, diags *diag.Diagnostics) (mlflowserver.Role, bool,
) {
	d.Forget() // another provider configuration, which has its own cache, can have created the role or the users in this apply
	role, err := d.Role(ctx, "", name)
	switch {
	case err == nil:
		return role, true
	case rest.IsNotFound(err):
		diags.AddAttributeError(path.Root(attributeRole), "Could not "+action, framework.ErrorDetail(b.describe(name), err, "Check the name, "+
			"which is case-sensitive. If the configuration creates the role, refer to it: role = mlflow_role.NAME.name."))
	default:
		addRoleError(diags, action, b.describe(name), err)
	}
	return role, false
}

// addMissingUserError reports a user that the server does not have.
func addMissingUserError(diags *diag.Diagnostics, at path.Path, action, object, user string) {
	diags.AddAttributeError(at, "Could not "+action, fmt.Sprintf("%s: the MLflow server has no user %q. Nothing was changed.\n\nCheck the "+
		"username, which is case-sensitive. If the configuration creates the user, refer to it: mlflow_user.NAME.username.",
		framework.UpperFirst(object), user))
}

// addMembersHiddenError reports that the current user cannot read all members of a role.
func addMembersHiddenError(diags *diag.Diagnostics, action, object string) {
	diags.AddError("Could not "+action, fmt.Sprintf("%s: the server does not return all of its members to the current user.\n\n%s",
		framework.UpperFirst(object), managerAdvice))
}

// isMember reports whether a user is a member of a role. The current user can always read its own roles; hidden reports that it cannot read
// those of another user.
func isMember(ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, user string) (member, hidden bool, err error) {
	if role.Members != nil {
		return slices.Contains(role.Members, user), false, nil
	}
	caller, err := d.Caller(ctx)
	if err != nil || caller.Principal.Name != user {
		return false, true, err
	}
	if slices.Contains(caller.Groups, role.Name) {
		return true, false, nil
	}
	own, err := d.User(ctx, user)
	if err == nil && len(own.Roles) == 0 { // a server that does not list users returns no roles either
		return false, true, nil
	}
	return slices.Contains(own.Roles, mlflowserver.RoleRef{Workspace: role.Workspace, Name: role.Name}), false, err
}

// checkOwnMembership checks that the current user still manages the workspace without the members that are removed from a role.
func (b *roleBase) checkOwnMembership(
	ctx context.Context, d *mlflowserver.Directory, name string, at path.Path, isRemoved func(user string) bool, diags *diag.Diagnostics,
) bool {
	role, err := d.Role(ctx, "", name)
	if isRoleMissing(err) {
		return true
	}
	if err != nil {
		addRoleError(diags, "read role", b.describe(name), err)
		return false
	}
	caller, err := d.Caller(ctx)
	if err != nil {
		addRoleError(diags, "look up the current user", b.describe(name), err)
		return false
	}
	return !isRemoved(caller.Principal.Name) ||
		b.checkOwnAccess(ctx, d, role, at, "remove member from role", "Removing this user from the role", diags)
}

// addMembersManagedTwiceError reports two resources that manage the members of a role. format is the detail, with the role.
func addMembersManagedTwiceError(diags *diag.Diagnostics, format, role string) {
	diags.AddAttributeError(path.Root(attributeRole), "Members are managed by two resources", fmt.Sprintf(format, role))
}

// checkPlannedMembers reports resources of a plan that conflict over the members of a role. user is "" for the list of all members.
func (b *roleBase) checkPlannedMembers(name, user string, inState bool, diags *diag.Diagnostics) {
	duplicate, mixed := b.lock(name).PlanMember(user, inState)
	switch {
	case duplicate && user == "":
		addMembersManagedTwiceError(diags, "Two resources in the configuration declare all members of %s. Only one resource can manage "+
			"them.\n\nRemove one of the two resources.", b.describe(name))
	case duplicate:
		diags.AddAttributeError(path.Root(attributeUser), "Member is managed by two resources", fmt.Sprintf("Two resources in the "+
			"configuration declare user %q in %s. Only one resource can manage a member.\n\nRemove one of the two resources.", user,
			b.describe(name)))
	case mixed:
		addMembersManagedTwiceError(diags, "The configuration declares members of %s in mlflow_role_members, which manages all of them, and "+
			"in mlflow_role_member. Each resource would revert the changes of the other.\n\nUse only one of the two for a role.", b.describe(name))
	}
}
