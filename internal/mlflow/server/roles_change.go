package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// CreateRole creates a role in a workspace, the configured one if it is empty. It checks that the workspace exists, which the server does
// not do. Errors: *[TakenError], *[MissingWorkspaceError], *[mlflow.UnsupportedError] before MLflow 3.13. API: POST roles/create.
func (d *Directory) CreateRole(ctx context.Context, workspace, name, description string) (Role, error) {
	workspace = d.workspaceOr(workspace)
	if err := d.requireRoles(ctx); err != nil {
		return Role{}, err
	}
	if err := d.checkWorkspace(ctx, workspace); err != nil {
		return Role{}, err
	}
	defer d.Forget()
	answer := &wire.OneRole{Workspace: workspace, Name: name}
	body := map[string]any{"workspace": workspace, "name": name}
	if description != "" {
		body["description"] = description
	}
	cl := rest.Call{Method: http.MethodPost, Path: rbacPath + "roles/create", Group: rest.GroupPermissionWrites, Out: answer, Body: body}
	var found Role
	err := d.create(ctx, cl, TakenError{Noun: "role", Name: name, Workspace: workspace}, func(ctx context.Context) (same bool, err error) {
		found, err = d.currentRole(ctx, workspace, name)
		return found.Description == description && len(found.Grants) == 0, err
	})
	if err != nil {
		return Role{}, err
	}
	created := toRole(answer.Role)
	if created.ID == 0 || found.ID != 0 {
		created = found
	}
	created.Members = []string{}
	return created, nil
}

// checkWorkspace returns an error if there is no such workspace.
func (d *Directory) checkWorkspace(ctx context.Context, name string) error {
	if name == mlflow.DefaultWorkspace {
		return nil
	}
	_, err := d.Workspace(ctx, name) // which non-admins can also read
	if rest.IsNotFound(err) {
		return &MissingWorkspaceError{Name: name}
	}
	return err
}

// UpdateRole changes the name and the description of a role; an empty description removes it. Errors: [rest.IsNotFound], *[TakenError].
// API: PATCH roles/update.
func (d *Directory) UpdateRole(ctx context.Context, role Role, name, description string) error {
	defer d.Forget()
	sent := false
	err := d.change(ctx, func(ctx context.Context) (*rest.Call, error) {
		now, err := d.currentRole(ctx, role.Workspace, role.Name)
		if sent && rest.IsNotFound(err) { // renamed by an earlier try
			now, err = d.currentRole(ctx, role.Workspace, name)
		}
		if err != nil || now.Name == name && now.Description == description {
			return nil, err
		}
		sent = true
		return &rest.Call{
			Method: http.MethodPatch, Path: rbacPath + "roles/update", Group: rest.GroupPermissionWrites,
			Out:  &wire.OneRole{Workspace: role.Workspace, Name: name},
			Body: map[string]any{"role_id": now.ID, "name": name, "description": description},
		}, nil
	})
	if rest.IsAlreadyExists(err) {
		return &TakenError{Noun: "role", Name: name, Workspace: role.Workspace, Err: err}
	}
	return err
}

// DeleteRole deletes a role with its grants and memberships. It succeeds if the role does not exist. API: DELETE roles/delete.
func (d *Directory) DeleteRole(ctx context.Context, role Role) error {
	defer d.Forget()
	return d.change(ctx, func(ctx context.Context) (*rest.Call, error) {
		now, err := d.currentRole(ctx, role.Workspace, role.Name)
		if rest.IsNotFound(err) {
			return nil, nil
		}
		return &rest.Call{
			Method: http.MethodDelete, Path: rbacPath + "roles/delete", Group: rest.GroupPermissionWrites, Body: map[string]any{"role_id": now.ID},
		}, err
	})
}

// AddGrant adds a grant to a role. It succeeds if the role already has the grant. Errors: [rest.IsNotFound] if the role does not exist,
// [rest.IsAlreadyExists] if the role has another level for the type and pattern. API: POST roles/permissions/add.
func (d *Directory) AddGrant(ctx context.Context, role Role, g RoleGrant) error {
	defer d.Forget()
	return d.change(ctx, func(ctx context.Context) (*rest.Call, error) {
		now, err := d.currentRole(ctx, role.Workspace, role.Name)
		if row := now.row(g); err != nil || row != nil && row.Level == g.Level {
			return nil, err
		}
		return &rest.Call{
			Method: http.MethodPost, Path: rbacPath + "roles/permissions/add", Group: rest.GroupPermissionWrites, Out: &rowResponse{want: g},
			Body: map[string]any{"role_id": now.ID, "resource_type": g.Type, "resource_pattern": g.Pattern, "permission": g.Level},
		}, nil
	})
}

// ChangeGrant updates the level of a grant in place, without an interruption of access. Errors: [rest.IsNotFound] if the role or the
// grant does not exist. API: PATCH roles/permissions/update.
func (d *Directory) ChangeGrant(ctx context.Context, role Role, g RoleGrant, level string) error {
	defer d.Forget()
	return d.change(ctx, func(ctx context.Context) (*rest.Call, error) {
		now, err := d.currentRole(ctx, role.Workspace, role.Name)
		if err != nil {
			return nil, err
		}
		row := now.row(g)
		if row == nil {
			return nil, notListedError(rbacPath+"roles/list", "grant of role "+role.Name+" on", g.Type+"/"+g.Pattern)
		}
		if row.Level == level {
			return nil, nil
		}
		return &rest.Call{
			Method: http.MethodPatch, Path: rbacPath + "roles/permissions/update", Group: rest.GroupPermissionWrites,
			Out:  &rowResponse{want: RoleGrant{Type: g.Type, Pattern: g.Pattern, Level: level}},
			Body: map[string]any{"role_permission_id": row.ID, "permission": level},
		}, nil
	})
}

// RemoveGrant revokes the grant of a role for a type and pattern, with any level. It succeeds if the grant or the role does not exist.
// API: DELETE roles/permissions/remove.
func (d *Directory) RemoveGrant(ctx context.Context, role Role, g RoleGrant) error {
	defer d.Forget()
	return d.change(ctx, func(ctx context.Context) (*rest.Call, error) {
		now, err := d.currentRole(ctx, role.Workspace, role.Name)
		row := now.row(g)
		if rest.IsNotFound(err) || err == nil && row == nil {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return &rest.Call{
			Method: http.MethodDelete, Path: rbacPath + "roles/permissions/remove", Group: rest.GroupPermissionWrites,
			Body: map[string]any{"role_permission_id": row.ID},
		}, nil
	})
}

// row returns the grant of a role with the type and pattern of another grant, nil if there is none.
func (r Role) row(g RoleGrant) *RoleGrant {
	for i := range r.Grants {
		if r.Grants[i].Type == g.Type && r.Grants[i].Pattern == g.Pattern {
			return &r.Grants[i]
		}
	}
	return nil
}

// rowResponse is a row of a role that was added or changed.
type rowResponse struct {
	Row wire.Permission `json:"role_permission"`

	want RoleGrant
}

// Validate implements [rest.Response].
func (a *rowResponse) Validate(bool) error {
	if a.Row.Type == "" {
		return errors.New("it contains no role_permission")
	}
	if got := (RoleGrant{Type: a.Row.Type, Pattern: a.Row.Pattern, Level: a.Row.Permission}); got != a.want {
		return fmt.Errorf("it contains %s on %s/%s instead of %s on %s/%s",
			got.Level, got.Type, got.Pattern, a.want.Level, a.want.Type, a.want.Pattern)
	}
	return nil
}
