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

// roleOfMembers looks up the role whose members are written, at the attribute role.
func (b *roleBase) roleOfMembers(
	ctx context.Context, d *mlflowserver.Directory, name, could string, diags *diag.Diagnostics) (mlflowserver.Role, bool,
) {
	role, err := d.Role(ctx, "", name)
	switch {
	case err == nil:
		return role, true
	case rest.IsNotFound(err):
		diags.AddAttributeError(path.Root(attributeRole), "Could not "+could, framework.ErrorDetail(b.describe(name), err, "Check the name, "+
			"which is case-sensitive. To have the role created first, refer to it: role = mlflow_role.NAME.name."))
	default:
		addRoleError(diags, could, b.describe(name), err)
	}
	return role, false
}

// addMissingUserError reports a user that the server does not have.
func addMissingUserError(diags *diag.Diagnostics, at path.Path, could, object, user string) {
	diags.AddAttributeError(at, "Could not "+could, fmt.Sprintf("%s: the MLflow server has no user %q. Nothing was changed.\n\nCheck the "+
		"username, which is case-sensitive. To have the user created first, refer to it: mlflow_user.NAME.username.",
		framework.UpperFirst(object), user))
}

// addMembersHiddenError reports that the current user is not shown who is in a role.
func addMembersHiddenError(diags *diag.Diagnostics, could, object string) {
	diags.AddError("Could not "+could, fmt.Sprintf("%s: the server does not show all of its members to the current user.\n\n%s",
		framework.UpperFirst(object), needsManager))
}

// isMember reports whether a user is in a role. The members of a role may be hidden from the current user, but not its own roles.
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
	if err == nil && len(own.Roles) == 0 { // a server that refuses to list users shows no roles of anybody
		return false, true, nil
	}
	return slices.Contains(own.Roles, mlflowserver.RoleRef{Workspace: role.Workspace, Name: role.Name}), false, err
}

// keepsMembership checks that the current user still manages the workspace if some users leave a role. A role that is renamed keeps its
// members.
func (b *roleBase) keepsMembership(
	ctx context.Context, d *mlflowserver.Directory, name string, at path.Path, leaves func(user string) bool, diags *diag.Diagnostics,
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
	return !leaves(caller.Principal.Name) || b.keepsManagement(ctx, d, role, at, "remove member from role", "Removing it from the role", diags)
}

// checkPlannedMembers reports resources of a plan that are at odds about the members of a role. user is empty for the list of all.
func (b *roleBase) checkPlannedMembers(name, user string, inState bool, diags *diag.Diagnostics) {
	duplicate, mixed := b.lock(name).PlanMember(user, inState)
	switch {
	case duplicate && user == "":
		diags.AddAttributeError(path.Root(attributeRole), "Duplicate list of members", fmt.Sprintf("Two resources in the configuration declare "+
			"all members of %s.\n\nRemove one of the two resources.", b.describe(name)))
	case duplicate:
		diags.AddAttributeError(path.Root(attributeUser), "Duplicate member", fmt.Sprintf("Two resources in the configuration declare that %q "+
			"is a member of %s.\n\nRemove one of the two resources.", user, b.describe(name)))
	case mixed:
		diags.AddAttributeError(path.Root(attributeRole), "Members are managed by two resources", fmt.Sprintf("Both mlflow_role_members, which "+
			"declares all members, and mlflow_role_member are used for %s. Each would undo what the other does.\n\nUse one of the two for a role.",
			b.describe(name)))
	}
}
