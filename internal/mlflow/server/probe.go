package server

import (
	"context"
	"net/http"
	"net/url"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// permissionAPI is one generation of a server's permission API. Levels are in the server's own words.
type permissionAPI interface {
	// read gives everything that is granted on any experiment, shared by all readers until something is written.
	read(ctx context.Context) (*allGrants, error)
	// level reads one principal's own grant, "" when there is none.
	level(ctx context.Context, experimentID string, p mlflow.Principal) (string, error)
	// change makes one principal's level another one. Either may be "": nothing granted.
	change(ctx context.Context, experimentID string, p mlflow.Principal, from, to string) error
	// levels lists what can be granted.
	levels() []string
	// supports says why a principal can't be granted anything, nil when it can.
	supports(p mlflow.Principal) error
}

// api finds out which permission API the server has. It goes by what the server answers, not by its version.
func (a accessControl) api(ctx context.Context) (permissionAPI, error) {
	create, err := a.backend.shared().permissions.Get(ctx, a.probe)
	if err != nil {
		return nil, err
	}
	return create(a), nil
}

func (a accessControl) probe(ctx context.Context) (func(accessControl) permissionAPI, error) {
	// The workspace may not exist yet, and its absence would say nothing about the API.
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
	// An ingress that passes /api/2.0 alone looks the same; users/current is there with RBAC, below /api/2.0.
	if _, err := currentUser(ctx, a.client); err == nil || isAPIRefusal(err) {
		return nil, &mlflow.UnsupportedError{Reason: "the MLflow server has authentication, but its /api/3.0 endpoints, which manage " +
			"permissions, are not reachable. Configure the ingress or proxy in front of it to forward /api/3.0 in addition to /api/2.0"}
	}
	return nil, &mlflow.UnsupportedError{Reason: "the MLflow server has no permissions, because it runs without authentication. Start it " +
		"with `mlflow server --app-name basic-auth` (MLflow 2.5 or newer) and configure the username and password of an admin, or remove the " +
		"permission resources"}
}

// isAPIRefusal reports that the API itself refused something, which proves that it is there: with a code for the client's mistakes, or with
// the text of the authentication app. An error of the server, or of something in front of it, proves nothing.
func isAPIRefusal(err error) bool {
	e, ok := rest.AsRefusal(err)
	if !ok || e.Status >= http.StatusInternalServerError || rest.IsUnauthenticated(err) || rest.IsEndpointAbsent(err) ||
		rest.IsThrottled(err) || rest.IsWorkspaceMissing(err) {
		return false
	}
	return e.Code != "" || e.Status == http.StatusForbidden && e.Message == "Permission denied"
}

// effectiveLevel asks what a user may do on an experiment, all told. API: GET users/permissions/get (3.0).
func effectiveLevel(ctx context.Context, calls *rest.Client, username, experimentID string) (string, error) {
	var out wire.Effective
	err := calls.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/3.0/mlflow/users/permissions/get",
		Query: url.Values{"username": {username}, "resource_type": {"experiment"}, "resource_id": {experimentID}},
		Out:   &out, Group: rest.GroupPermissionReads,
	})
	return out.Permission, err
}
