package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// currentUserAnswer is the user whose credentials are used.
type currentUserAnswer struct {
	User rbacUser `json:"user"`
}

// Usable implements [rest.Answer].
func (a *currentUserAnswer) Usable(bool) error {
	if a.User.Username == "" {
		return errors.New("it contains no user")
	}
	return nil
}

// ownGrantsAnswer lists the grants of the caller in all workspaces.
type ownGrantsAnswer struct {
	Permissions []struct {
		Role      string `json:"role_name"`
		Workspace string `json:"workspace"`
	} `json:"permissions"`
}

// Usable implements [rest.Answer].
func (a *ownGrantsAnswer) Usable(bool) error {
	if a.Permissions == nil {
		return errors.New("it contains no permissions")
	}
	return nil
}

// rbacCaller asks who the credentials belong to, also while the workspace does not exist. API: GET users/current (3.13).
func rbacCaller(ctx context.Context, c *mlflow.Client, workspace string) (mlflow.Caller, error) {
	user, err := rbacUserOf(ctx, c)
	if err != nil {
		return mlflow.Caller{}, err
	}
	caller := mlflow.Caller{
		Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: user.Username}, ID: fmt.Sprint(user.ID), Admin: user.IsAdmin,
	}
	caller.Groups, err = currentUserRoles(ctx, c, workspace)
	return caller, err
}

func rbacUserOf(ctx context.Context, c *mlflow.Client) (rbacUser, error) {
	var out currentUserAnswer
	err := anywhere(c).Do(ctx, rest.Call{Method: http.MethodGet, Path: "/api/2.0/mlflow/users/current", Out: &out, Group: rest.GroupPermissionReads})
	return out.User, err
}

// currentUserRoles lists the roles of one workspace that the caller is a member of. A role of the same name in another workspace is
// another role. API: GET users/current/permissions.
func currentUserRoles(ctx context.Context, c *mlflow.Client, workspace string) ([]string, error) {
	var out ownGrantsAnswer
	err := anywhere(c).Do(ctx, rest.Call{
		Method: http.MethodGet, Path: rbacPath + "users/current/permissions", Out: &out, Group: rest.GroupPermissionReads,
	})
	if rest.IsEndpointAbsent(err) && !rest.IsForeign(err) {
		return nil, nil
	}
	var roles []string
	for _, p := range out.Permissions {
		if p.Workspace == workspace && !strings.HasPrefix(p.Role, "__user_") && !slices.Contains(roles, p.Role) {
			roles = append(roles, p.Role)
		}
	}
	return roles, err
}
