package server

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// Role is a role of an MLflow server, in a workspace.
type Role struct {
	// ID is the ID of the role at the time of the read. The server reuses it after the role is deleted.
	ID                           int64
	Workspace, Name, Description string
	// Grants has the grants of the role, in order of type and pattern.
	Grants []RoleGrant
	// Members has the names of the users in the role, sorted. It is nil if the server does not return all of them, because the caller is
	// neither a server admin nor a manager of the workspace.
	Members []string
}

// RoleGrant is a grant of a role: a level on the objects of a type that match a pattern, "*" for all.
type RoleGrant struct {
	ID                   int64
	Type, Pattern, Level string
}

// listedRoles returns the roles of a workspace. They are cached until a change.
func (d *Directory) listedRoles(ctx context.Context, workspace string) ([]wire.Role, error) {
	return d.cache().rolesOf(workspace).Get(ctx, func(ctx context.Context) ([]wire.Role, error) {
		if err := d.requireRoles(ctx); err != nil {
			return nil, err
		}
		var out wire.Roles
		err := d.do(ctx, rest.Call{
			Method: http.MethodGet, Path: rbacPath + "roles/list", Query: url.Values{"workspace": {workspace}},
			Out: &out, Group: rest.GroupPermissionReads, Page: true,
		})
		return out.Roles, err
	})
}

// Roles lists the roles of a workspace in order of name, without the hidden roles of users. The empty workspace is the configured one.
// The list is empty if the workspace does not exist. Errors: *[mlflow.UnsupportedError] before MLflow 3.13. API: GET roles/list,
// users/list.
func (d *Directory) Roles(ctx context.Context, workspace string) ([]Role, error) {
	workspace = d.workspaceOr(workspace)
	listed, err := d.listedRoles(ctx, workspace)
	if err != nil {
		return nil, err
	}
	users, err := d.listedUsersIn(ctx, workspace)
	complete := false
	if err == nil {
		complete, err = d.canSeeMembers(ctx, workspace, users.users)
	}
	if err != nil && !rest.IsPermissionDenied(err) { // only members of the workspace may list users
		return nil, err
	}
	roles := []Role{}
	for _, r := range listed {
		if r.Hidden() || r.Workspace != workspace {
			continue
		}
		role := toRole(r)
		if complete {
			role.Members = membersByName(r, users.users)
		}
		roles = append(roles, role)
	}
	slices.SortFunc(roles, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return roles, nil
}

// canSeeMembers reports whether the list of users contains all members of the roles of a workspace, as it does for server admins and
// managers of the workspace.
func (d *Directory) canSeeMembers(ctx context.Context, workspace string, users []wire.User) (bool, error) {
	name, err := d.client.CallerName(ctx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(users, func(u wire.User) bool { return u.Username == name })
	if i < 0 {
		return false, nil
	}
	return users[i].IsAdmin || slices.ContainsFunc(users[i].Roles, func(r wire.Role) bool {
		return r.Workspace == workspace && slices.ContainsFunc(r.Permissions, func(p wire.Permission) bool {
			return p.Type == "workspace" && p.Permission == "MANAGE"
		})
	}), nil
}

// membersByName returns the names of the users in a role, sorted. It compares names and not IDs, because the lists are read one after the
// other, and the server reuses IDs. Only for a role without a workspace in the list of users, the ID identifies it.
func membersByName(r wire.Role, users []wire.User) []string {
	members := []string{}
	for _, u := range users {
		if slices.ContainsFunc(u.Roles, func(assigned wire.Role) bool {
			return assigned.Name == r.Name && (assigned.Workspace == r.Workspace || assigned.Workspace == "" && assigned.ID == r.ID)
		}) {
			members = append(members, u.Username)
		}
	}
	slices.Sort(members)
	return members
}

// toRole converts a role of a response, without its members.
func toRole(r wire.Role) Role {
	grants := make([]RoleGrant, 0, len(r.Permissions))
	for _, p := range r.Permissions {
		grants = append(grants, RoleGrant{ID: int64(p.ID), Type: p.Type, Pattern: p.Pattern, Level: p.Permission})
	}
	slices.SortFunc(grants, func(a, b RoleGrant) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Pattern, b.Pattern))
	})
	return Role{ID: int64(r.ID), Workspace: r.Workspace, Name: r.Name, Description: r.Description, Grants: grants}
}

// Role returns a role by name, compared exactly, from [Directory.Roles]. Errors: [rest.IsNotFound].
func (d *Directory) Role(ctx context.Context, workspace, name string) (Role, error) {
	roles, err := d.Roles(ctx, workspace)
	if err != nil {
		return Role{}, err
	}
	i := slices.IndexFunc(roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, notListedError(rbacPath+"roles/list", "role", name)
	}
	return roles[i], nil
}

// currentRole looks up a role by name with a new read, because the ID of an earlier read can belong to another role.
func (d *Directory) currentRole(ctx context.Context, workspace, name string) (Role, error) {
	d.cache().rolesOf(workspace).Forget()
	listed, err := d.listedRoles(ctx, workspace)
	if err != nil {
		return Role{}, err
	}
	i := slices.IndexFunc(listed, func(r wire.Role) bool { return r.Name == name && r.Workspace == workspace })
	if i < 0 {
		return Role{}, notListedError(rbacPath+"roles/list", "role", name)
	}
	return toRole(listed[i]), nil
}
