package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// rbacAPI is the role-based permission API of MLflow 3.13 and newer. The direct grants of a user are in a hidden role of that user. Other
// roles correspond to groups. API: users/permissions/*, roles/*, users/list.
type rbacAPI struct {
	client  *mlflow.Client
	backend *Backend
}

func newRBACAPI(a accessControl) permissionAPI { return &rbacAPI{client: a.client, backend: a.backend} }

const rbacPath = "/api/3.0/mlflow/"

// read sends two calls for all experiments: users/list, and roles/list, which has all grants, including those of roles without members.
func (a *rbacAPI) read(ctx context.Context) (*allGrants, error) {
	return a.backend.grants.Get(ctx, func(ctx context.Context) (*allGrants, error) {
		// The usernames are the same in all workspaces. The memberships are only those that the caller can read.
		users, err := a.backend.allUsers(ctx, a.client)
		if rest.IsPermissionDenied(err) { // where workspaces are on
			return nil, &mlflow.UnsupportedError{Denied: true, Reason: fmt.Sprintf("this MLflow server lists the grants in workspace %q only for "+
				"server admins and for users with a role in the workspace that grants USE or MANAGE on it. Ask a server admin for this role, or "+
				"use the credentials of a user with this role", a.backend.MLflowWorkspace())}
		}
		if err != nil {
			return nil, err
		}
		roles, err := a.roles(ctx)
		if rest.IsPermissionDenied(err) {
			return nil, &mlflow.UnsupportedError{Denied: true, Reason: "this MLflow server lists grants only for server admins and for users " +
				"with a role in the workspace. Ask a server admin for a role, create an experiment in the workspace, which also adds a role, or " +
				"use the credentials of a user with a role"}
		}
		if err != nil {
			return nil, err
		}
		return rbacGrants(users, roles), nil
	})
}

// listUsers lists all users. The caller must be a member of the workspace of the call, or a server admin.
func listUsers(ctx context.Context, c *mlflow.Client) ([]wire.User, error) {
	var out wire.Users
	cl := rest.Call{
		Method: http.MethodGet, Path: "/api/2.0/mlflow/users/list", Out: &out, Group: rest.GroupPermissionReads, Page: true,
	}
	err := c.Do(ctx, cl)
	if rest.IsWorkspaceMissing(err) {
		err = withoutWorkspace(c).Do(ctx, cl)
	}
	return out.Users, err
}

// roles lists the roles of the workspace of the client. They are cached until a change.
func (a *rbacAPI) roles(ctx context.Context) ([]wire.Role, error) {
	return (&Directory{a.client, a.backend}).listedRoles(ctx, a.backend.MLflowWorkspace())
}

func rbacGrants(users []wire.User, roles []wire.Role) *allGrants {
	all := &allGrants{members: map[string][]string{}}
	hidden := map[string]string{}
	for _, u := range users {
		all.users = append(all.users, u.Username)
		hidden[u.HiddenRole()] = u.Username
		if u.IsAdmin {
			all.admins = append(all.admins, u.Username)
		}
	}
	for _, r := range roles {
		principal := mlflow.Principal{Kind: mlflow.KindGroup, Name: r.Name}
		if username, ok := hidden[r.Name]; ok {
			principal = mlflow.Principal{Kind: mlflow.KindUser, Name: username}
		} else {
			all.groups = append(all.groups, r.Name)
			all.members[r.Name] = membersByName(r, users)
		}
		for _, p := range r.Permissions {
			if grant, ok := toGrant(p, principal); ok {
				all.grants = append(all.grants, grant)
			}
		}
	}
	return all
}

// toGrant converts one row of a role; ok is false for a row without access to experiments. On a workspace, only MANAGE includes that: USE
// is access to the workspace, but to none of its experiments.
func toGrant(p wire.Permission, principal mlflow.Principal) (grant oneGrant, ok bool) {
	switch {
	case p.Type == "workspace" && p.Permission == "MANAGE":
		return oneGrant{principal, everyExperiment, p.Permission, mlflow.FromWorkspace}, true
	case p.Type == "experiment" && p.Pattern == everyExperiment:
		return oneGrant{principal, everyExperiment, p.Permission, mlflow.FromEveryExperiment}, true
	case p.Type == "experiment":
		return oneGrant{principal: principal, experimentID: p.Pattern, level: p.Permission}, true
	}
	return oneGrant{}, false
}

func (a *rbacAPI) level(ctx context.Context, experimentID string, p mlflow.Principal) (string, error) {
	all, err := a.read(ctx)
	if err != nil {
		return "", err
	}
	if err := all.checkPrincipal(p); err != nil {
		return "", err
	}
	return all.direct(experimentID)[p], nil
}

func (a *rbacAPI) levels() []string { return []string{"READ", "USE", "EDIT", "MANAGE", "DENY"} }

func (a *rbacAPI) supports(p mlflow.Principal) error { return a.backend.CheckPrincipal(p) }
