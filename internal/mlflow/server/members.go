package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// Assign adds a user to a role. It succeeds if the user is already a member. Errors: [rest.IsNotFound] if the role does not exist,
// *[mlflow.MissingPrincipalError] if the user does not exist. API: POST roles/assign.
func (d *Directory) Assign(ctx context.Context, role Role, user string) error {
	defer d.Forget()
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

// Unassign removes a user from a role. It succeeds if the user is not a member, or if the user or the role does not exist.
// API: DELETE roles/unassign.
func (d *Directory) Unassign(ctx context.Context, role Role, user string) error {
	defer d.Forget()
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

// isMember reports whether a user is in a role, with a new read. It is false if the user does not exist.
func (d *Directory) isMember(ctx context.Context, role Role, user string) (bool, error) {
	d.cache().forgetUsers()
	list, err := d.listedUsersIn(ctx, role.Workspace)
	members := membersByName(wire.Role{Workspace: role.Workspace, Name: role.Name}, list.users)
	return slices.Contains(members, user), err
}
