package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// rbacCaller looks up the identity of the credentials, also if the workspace does not exist. API: GET users/current (3.13).
func rbacCaller(ctx context.Context, c *mlflow.Client, workspace string) (mlflow.Caller, error) {
	user, err := currentUser(ctx, c)
	if err != nil {
		return mlflow.Caller{}, err
	}
	caller := mlflow.Caller{
		Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: user.Username}, ID: fmt.Sprint(user.ID), Admin: user.IsAdmin,
	}
	caller.Groups, err = currentUserRoles(ctx, c, workspace)
	return caller, err
}

func currentUser(ctx context.Context, c *mlflow.Client) (wire.User, error) {
	var out wire.CurrentUser
	cl := rest.Call{Method: http.MethodGet, Path: wire.UsersPath + "current", Out: &out, Group: rest.GroupPermissionReads}
	err := withoutWorkspace(c).Do(ctx, cl)
	return out.User, err
}

// currentUserRoles lists the roles of a workspace of which the caller is a member. API: GET users/current/permissions.
func currentUserRoles(ctx context.Context, c *mlflow.Client, workspace string) ([]string, error) {
	var out wire.OwnGrants
	err := withoutWorkspace(c).Do(ctx, rest.Call{
		Method: http.MethodGet, Path: rbacPath + "users/current/permissions", Out: &out, Group: rest.GroupPermissionReads,
	})
	if rest.IsEndpointAbsent(err) && !rest.IsFromProxy(err) {
		return nil, nil
	}
	var roles []string
	for _, p := range out.Permissions {
		if p.Workspace == workspace && !strings.HasPrefix(p.Role, wire.HiddenRolePrefix) && !slices.Contains(roles, p.Role) {
			roles = append(roles, p.Role)
		}
	}
	return roles, err
}
