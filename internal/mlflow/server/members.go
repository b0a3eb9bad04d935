package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// Assign makes a user a member of a role. One who is a member already is assigned. Errors: [rest.IsNotFound] if there is no role,
// *[mlflow.MissingPrincipalError] if there is no user. API: POST roles/assign.
func (d *Directory) Assign(ctx context.Context, role Role, user string) error {
	defer d.changed()
	tried := false
	err := d.change(ctx, func(ctx context.Context) (*rest.Call, error) {
		now, err := d.currentRole(ctx, role.Workspace, role.Name)
		if err != nil {
			return nil, err
		}
		if tried {
			if is, err := d.isMember(ctx, role, user); is || err != nil {
				return nil, err
			}
		}
		tried = true
		return &rest.Call{
			Method: http.MethodPost, Path: rbacPath + "roles/assign", Group: rest.GroupPermissionWrites, Out: &wire.Assignment{AskedRole: now.ID},
			Body: map[string]any{"role_id": now.ID, "username": user},
		}, nil
	})
	if rest.IsNotFound(err) && tried {
		list, lookErr := d.listedUsersIn(ctx, role.Workspace)
		if lookErr == nil && !slices.ContainsFunc(list.users, func(u wire.User) bool { return u.Username == user }) {
			return &mlflow.MissingPrincipalError{Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: user}, Err: err}
		}
	}
	return err
}

// Unassign ends the membership of a user in a role. One who is no member, or does not exist, is unassigned, and so is everybody of a role
// that is gone. API: DELETE roles/unassign.
func (d *Directory) Unassign(ctx context.Context, role Role, user string) error {
	defer d.changed()
	tried := false
	return d.change(ctx, func(ctx context.Context) (*rest.Call, error) {
		now, err := d.currentRole(ctx, role.Workspace, role.Name)
		if rest.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if tried {
			if is, err := d.isMember(ctx, role, user); !is || err != nil {
				return nil, err
			}
		}
		tried = true
		return &rest.Call{
			Method: http.MethodDelete, Path: rbacPath + "roles/unassign", Group: rest.GroupPermissionWrites,
			Body: map[string]any{"role_id": now.ID, "username": user},
		}, nil
	})
}

// isMember looks up, by a fresh read, whether a user is in a role. A user who does not exist is in none.
func (d *Directory) isMember(ctx context.Context, role Role, user string) (bool, error) {
	d.cache().forgetUsers()
	list, err := d.listedUsersIn(ctx, role.Workspace)
	members := membersByName(wire.Role{Workspace: role.Workspace, Name: role.Name}, list.users)
	return slices.Contains(members, user), err
}
