package server

import (
	"context"
	"net/http"
	"net/url"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// permissionAPI is one version of a server's permission API. Levels are as the server names them.
type permissionAPI interface {
	// read returns all grants on experiments. They are cached until a change.
	read(ctx context.Context) (*allGrants, error)
	// level reads the direct grant of one principal, "" if there is none.
	level(ctx context.Context, experimentID string, p mlflow.Principal) (string, error)
	// change changes the direct grant of one principal. A level "" is no grant.
	change(ctx context.Context, experimentID string, p mlflow.Principal, from, to string) error
	// levels lists the levels that can be granted.
	levels() []string
	// supports returns an error for a principal to which nothing can be granted.
	supports(p mlflow.Principal) error
}

// api returns the permission API of the server. It is detected by the responses of the server, not by its version.
func (a accessControl) api(ctx context.Context) (permissionAPI, error) {
	create, err := a.backend.shared().permissions.Get(ctx, a.probe)
	if err != nil {
		return nil, err
	}
	return create(a), nil
}

func (a accessControl) probe(ctx context.Context) (func(accessControl) permissionAPI, error) {
	// The workspace may not exist yet, which would not show whether the API exists.
	_, err := effectiveLevel(ctx, withoutWorkspace(a.client), a.backend.Username, "0")
	if err == nil || isAPIRefusal(err) {
		return newRBACAPI, nil
	}
	if !rest.IsEndpointAbsent(err) {
		return nil, err
	}
	_, err = newLegacyAPI(a).level(ctx, "0", mlflow.Principal{Kind: mlflow.KindUser, Name: a.backend.Username})
	switch {
	case err == nil || isAPIRefusal(err):
		return newLegacyAPI, nil
	case !rest.IsEndpointAbsent(err):
		return nil, err
	}
	// An ingress that forwards only /api/2.0 has the same responses, but users/current, below /api/2.0, exists on servers with RBAC.
	if _, err := currentUser(ctx, a.client); err == nil || isAPIRefusal(err) {
		return nil, unreachableAPIError("permissions")
	}
	return nil, &mlflow.UnsupportedError{Reason: "the MLflow server has no permissions, because it runs without authentication. Start it " +
		"with `mlflow server --app-name basic-auth` (MLflow 2.5 or newer) and configure the username and password of a server admin, or remove " +
		"the permission resources"}
}

// unreachableAPIError returns the error for a server whose ingress forwards only /api/2.0. what is what the other endpoints manage.
func unreachableAPIError(what string) error {
	return &mlflow.UnsupportedError{Reason: "the MLflow server has authentication, but its /api/3.0 endpoints, which manage " + what +
		", are not reachable. Configure the ingress or proxy in front of it to forward /api/3.0 in addition to /api/2.0"}
}

// isAPIRefusal reports whether the API itself rejected a call, which proves that it exists: with an error_code and a status below 500, or
// with the text of the authentication app. A server error, or a response of a proxy, proves nothing.
func isAPIRefusal(err error) bool {
	e, ok := rest.AsRefusal(err)
	if !ok || e.Status >= http.StatusInternalServerError || rest.IsUnauthenticated(err) || rest.IsEndpointAbsent(err) ||
		rest.IsThrottled(err) || rest.IsWorkspaceMissing(err) {
		return false
	}
	return e.Code != "" || e.Status == http.StatusForbidden && e.Message == "Permission denied"
}

// effectiveLevel reads the effective level of a user on an experiment. API: GET users/permissions/get (3.0).
func effectiveLevel(ctx context.Context, calls *rest.Client, username, experimentID string) (string, error) {
	var out wire.Effective
	err := calls.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/3.0/mlflow/users/permissions/get",
		Query: url.Values{"username": {username}, "resource_type": {"experiment"}, "resource_id": {experimentID}},
		Out:   &out, Group: rest.GroupPermissionReads,
	})
	return out.Permission, err
}
