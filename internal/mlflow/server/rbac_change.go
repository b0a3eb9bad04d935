package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

type userPermission struct {
	Username   string `json:"username"`
	Type       string `json:"resource_type"`
	ID         string `json:"resource_id"`
	Permission string `json:"permission,omitempty"`
}

// change implements [permissionAPI]. For users, it revokes the old level and grants the new one, because no endpoint changes a level. If
// the second call fails, it grants the old level again.
func (a *rbacAPI) change(ctx context.Context, experimentID string, p mlflow.Principal, from, to string) error {
	if p.Kind == mlflow.KindGroup {
		return a.changeRole(ctx, experimentID, p, from, to)
	}
	if from != "" {
		err := a.revoke(ctx, experimentID, p)
		switch {
		case err != nil && to != "" && rest.IsUncertain(err): // the grant may be revoked
			return a.restoreGrant(ctx, experimentID, p, from, err)
		case err != nil:
			return err
		}
	}
	if to == "" {
		return nil
	}
	err := a.grant(ctx, experimentID, p, to)
	if err == nil || from == "" {
		return err
	}
	return a.restoreGrant(ctx, experimentID, p, from, err)
}

// restoreGrant grants the level that a failed change revoked, unless it still exists, and also after ctx has ended. It returns the error
// of the change.
func (a *rbacAPI) restoreGrant(ctx context.Context, experimentID string, p mlflow.Principal, level string, why error) error {
	ctx, cancel := rest.AfterFailure(ctx)
	defer cancel()
	if err := a.grant(ctx, experimentID, p, level); err != nil && !rest.IsAlreadyExists(err) {
		text := fmt.Sprintf("restoring %s also failed, so %q now has no direct grant on the experiment", fromServerLevel(level), p.Name)
		return rest.FollowedBy(why, text, err)
	}
	return why
}

func (a *rbacAPI) grant(ctx context.Context, experimentID string, p mlflow.Principal, level string) error {
	err := a.client.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: rbacPath + "users/permissions/grant",
		Body: userPermission{p.Name, "experiment", experimentID, level}, Group: rest.GroupPermissionWrites,
	})
	err = rest.Confirm(ctx, err, rest.IsAlreadyExists, a.hasLevel(experimentID, p, level))
	if rest.IsNotFound(err) {
		return &mlflow.MissingPrincipalError{Principal: p, Err: err}
	}
	return err
}

func (a *rbacAPI) revoke(ctx context.Context, experimentID string, p mlflow.Principal) error {
	err := a.client.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: rbacPath + "users/permissions/revoke",
		Body: userPermission{Username: p.Name, Type: "experiment", ID: experimentID}, Group: rest.GroupPermissionWrites,
	})
	return ignoreAbsent(ctx, err, a.hasLevel(experimentID, p, ""))
}

// ignoreAbsent returns nil for "not found" if none, which reads the object, reports that it does not exist: an earlier try or another
// client removed it. Otherwise, it returns err.
func ignoreAbsent(ctx context.Context, err error, none func(context.Context) bool) error {
	if rest.IsNotFound(err) && none(ctx) {
		return nil
	}
	return err
}

// hasLevel returns a function that reports, with a new read, whether the direct grant of a principal has exactly a level.
func (a *rbacAPI) hasLevel(experimentID string, p mlflow.Principal, level string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		a.backend.grantsChanged()
		now, err := a.level(ctx, experimentID, p)
		return err == nil && now == level
	}
}

// changeRole changes the grant of a role, whose level can be updated in place.
func (a *rbacAPI) changeRole(ctx context.Context, experimentID string, p mlflow.Principal, from, to string) error {
	role, row, err := a.findRole(ctx, experimentID, p)
	if err != nil {
		return err
	}
	switch {
	case from == "":
		err = a.client.Do(ctx, rest.Call{
			Method: http.MethodPost, Path: rbacPath + "roles/permissions/add", Group: rest.GroupPermissionWrites,
			Out:  &wire.RolePermission{Pattern: experimentID},
			Body: map[string]any{"role_id": role, "resource_type": "experiment", "resource_pattern": experimentID, "permission": to},
		})
		return rest.Confirm(ctx, err, rest.IsAlreadyExists, a.hasLevel(experimentID, p, to))
	case to == "" && row == 0:
		return nil // another client has revoked it
	case to == "":
		err = a.client.Do(ctx, rest.Call{
			Method: http.MethodDelete, Path: rbacPath + "roles/permissions/remove", Group: rest.GroupPermissionWrites,
			Body: map[string]any{"role_permission_id": row},
		})
		return ignoreAbsent(ctx, err, a.hasLevel(experimentID, p, ""))
	default:
		return a.client.Do(ctx, rest.Call{
			Method: http.MethodPatch, Path: rbacPath + "roles/permissions/update", Group: rest.GroupPermissionWrites,
			Out:  &wire.RolePermission{Pattern: experimentID},
			Body: map[string]any{"role_permission_id": row, "permission": to},
		})
	}
}

// findRole returns the ID of a role, and that of its row for an experiment (0 if there is none).
func (a *rbacAPI) findRole(ctx context.Context, experimentID string, p mlflow.Principal) (role, row rest.Int64, err error) {
	a.backend.shared().directory.rolesOf(a.backend.MLflowWorkspace()).Forget() // IDs are reused
	roles, err := a.roles(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, r := range roles {
		if r.Name != p.Name {
			continue
		}
		for _, permission := range r.Permissions {
			if permission.Type == "experiment" && permission.Pattern == experimentID {
				row = permission.ID
			}
		}
		return r.ID, row, nil
	}
	return 0, 0, &mlflow.MissingPrincipalError{Principal: p, Err: fmt.Errorf("the MLflow server has no role %q", p.Name)}
}
