package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// legacyAPI is the permission API of MLflow 2.5 to 3.12, which has no roles. API: experiments/permissions/*, users/*.
type legacyAPI struct {
	client  *mlflow.Client
	backend *Backend
}

func newLegacyAPI(a accessControl) permissionAPI {
	return &legacyAPI{client: a.client, backend: a.backend}
}

const (
	legacyPath = mlflow.ExperimentsPath + "permissions/"
	// parallelUserReads is the number of users that are read in parallel.
	parallelUserReads = 8
)

// read reads the list of users, and then each of them, because no endpoint lists the grants on an experiment. Servers before 3.10 also
// have no list of users.
func (a *legacyAPI) read(ctx context.Context) (*allGrants, error) {
	return a.backend.grants.Get(ctx, func(ctx context.Context) (*allGrants, error) {
		names, err := listUsers(ctx, a.client)
		if rest.IsEndpointAbsent(err) {
			return nil, &mlflow.UnsupportedError{Reason: "this MLflow server cannot list its users, so not all grants on an experiment can be " +
				"read. Grant permissions to one user at a time, or use MLflow 3.11 or newer", Single: true}
		}
		if rest.IsPermissionDenied(err) {
			return nil, &mlflow.UnsupportedError{Reason: "this MLflow server lists all grants on an experiment only for server admins. Use the " +
				"credentials of a server admin, or grant permissions to one user at a time", Single: true, Denied: true}
		}
		if err != nil {
			return nil, err
		}
		users := make([]wire.LegacyUser, len(names))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(parallelUserReads)
		for i, u := range names {
			group.Go(func() (err error) {
				users[i], err = a.user(ctx, u.Username)
				if rest.IsNotFound(err) {
					return nil // deleted since the list was read
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		return legacyGrants(users), nil
	})
}

func legacyGrants(users []wire.LegacyUser) *allGrants {
	all := &allGrants{}
	for _, u := range users {
		if u.Username == "" {
			continue
		}
		all.users = append(all.users, u.Username)
		if u.IsAdmin {
			all.admins = append(all.admins, u.Username)
		}
		for _, p := range u.Permissions {
			all.grants = append(all.grants, oneGrant{
				principal: mlflow.Principal{Kind: mlflow.KindUser, Name: u.Username}, experimentID: p.ExperimentID, level: p.Permission,
			})
		}
	}
	return all
}

func (a *legacyAPI) user(ctx context.Context, username string) (wire.LegacyUser, error) {
	return readUser(ctx, a.client.Client, username)
}

func readUser(ctx context.Context, c *rest.Client, username string) (wire.LegacyUser, error) {
	out := wire.OneLegacyUser{Name: username}
	err := c.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: "/api/2.0/mlflow/users/get", Query: url.Values{"username": {username}},
		Out: &out, Group: rest.GroupPermissionReads,
	})
	return out.User, err
}

func (a *legacyAPI) level(ctx context.Context, experimentID string, p mlflow.Principal) (string, error) {
	out := wire.OneLegacyGrant{ExperimentID: experimentID}
	err := a.client.Do(ctx, rest.Call{
		Method: http.MethodGet, Path: legacyPath + "get", Query: url.Values{"experiment_id": {experimentID}, "username": {p.Name}},
		Out: &out, Group: rest.GroupPermissionReads,
	})
	if rest.IsNotFound(err) {
		return "", nil // no grant or no such user, which the write reports
	}
	return out.Permission.Permission, err
}

// levels includes USE, which MLflow 2 rejects: the versions with this API cannot be distinguished.
func (a *legacyAPI) levels() []string {
	return []string{"NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE"}
}

func (a *legacyAPI) supports(p mlflow.Principal) error {
	if p.Kind == mlflow.KindGroup {
		return &mlflow.UnsupportedError{Reason: "this MLflow server has no roles, so permissions cannot be granted to groups. Grant them to " +
			"users, or use MLflow 3.13 or newer"}
	}
	return a.backend.CheckPrincipal(p)
}

// change creates, updates, or deletes a row. There is no upsert.
func (a *legacyAPI) change(ctx context.Context, experimentID string, p mlflow.Principal, from, to string) error {
	row := wire.LegacyPermission{ExperimentID: experimentID, Username: p.Name, Permission: to}
	cl := rest.Call{Body: row, Group: rest.GroupPermissionWrites}
	refused := func(error) bool { return false }
	switch {
	case from == "":
		cl.Method, cl.Path, refused = http.MethodPost, legacyPath+"create", rest.IsAlreadyExists
		cl.Out = &wire.OneLegacyGrant{ExperimentID: experimentID}
	case to == "":
		cl.Method, cl.Path, refused = http.MethodDelete, legacyPath+"delete", rest.IsNotFound
	default:
		cl.Method, cl.Path = http.MethodPatch, legacyPath+"update"
	}
	isDone := func(ctx context.Context) bool {
		now, err := a.level(ctx, experimentID, p)
		return err == nil && now == to
	}
	err := rest.Confirm(ctx, a.client.Do(ctx, cl), refused, isDone)
	if to == "" {
		return ignoreAbsent(ctx, err, isDone)
	}
	if from == "" && rest.IsNotFound(err) {
		return &mlflow.MissingPrincipalError{Principal: p, Err: err}
	}
	return err
}

// caller looks up the configured username. No endpoint returns the current user.
func (a *legacyAPI) caller(ctx context.Context, username string) (mlflow.Caller, error) {
	if username == "" {
		return mlflow.Caller{}, errors.New("this MLflow server does not report the current user, and no username is configured. Set username " +
			"and password")
	}
	u, err := a.user(ctx, username)
	if err != nil {
		return mlflow.Caller{}, err
	}
	return mlflow.Caller{Principal: mlflow.Principal{Kind: mlflow.KindUser, Name: u.Username}, ID: fmt.Sprint(u.ID), Admin: u.IsAdmin}, nil
}
