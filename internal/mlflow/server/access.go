package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// accessControl is the access control of an MLflow server. The first call detects its permission API: role-based grants (3.13 and newer),
// endpoints for each experiment (2.5 to 3.12), or none.
type accessControl struct {
	client  *mlflow.Client
	backend *Backend
}

// Get implements [mlflow.AccessControl].
func (a accessControl) Get(ctx context.Context, experimentID string) (mlflow.ACL, error) {
	acl, err := a.GetListed(ctx, experimentID)
	if err != nil {
		return mlflow.ACL{}, err
	}
	e, err := a.exists(ctx, experimentID)
	acl.Created = e.Created()
	return acl, err
}

// GetListed implements [mlflow.AccessControl].
func (a accessControl) GetListed(ctx context.Context, experimentID string) (mlflow.ACL, error) {
	all, _, err := a.readAll(ctx)
	if err != nil {
		return mlflow.ACL{}, err
	}
	return all.acl(experimentID), nil
}

// AccessContext implements [mlflow.AccessControl]. Only server admins and managers of the workspace can read the members of roles, and
// the effective level of another user. No endpoint returns the default level of the server, so it is read as the effective level, in the
// workspace, of a user without grants. For a configured username, the list of users can show that the caller is an admin, which saves a
// request.
func (a accessControl) AccessContext(ctx context.Context, experimentIDs []string) (mlflow.AccessContext, error) {
	all, api, err := a.readAll(ctx)
	if err != nil {
		return mlflow.AccessContext{}, err
	}
	if _, legacy := api.(*legacyAPI); legacy {
		return mlflow.AccessContext{}, nil
	}
	if !slices.Contains(all.admins, a.backend.Username) {
		caller, err := a.client.Caller(ctx)
		if err != nil {
			return mlflow.AccessContext{}, err
		}
		if !all.isAdmin(caller) {
			return mlflow.AccessContext{MembersHidden: true}, nil
		}
	}
	b := mlflow.AccessContext{Members: all.members}
	for _, id := range experimentIDs {
		if user, found := all.userWithoutGrant(id); found {
			level, err := effectiveLevel(ctx, a.client.Client, user, id)
			b.DefaultLevel = fromServerLevel(level)
			return b, err
		}
	}
	return b, nil
}

// Set implements [mlflow.AccessControl]. It checks that all principals exist before the first change. It grants first and revokes last,
// so that after a failure no declared grant is missing that existed before.
func (a accessControl) Set(ctx context.Context, experimentID string, grants []mlflow.Grant) (mlflow.ACL, error) {
	a.backend.grantsChanged()
	all, api, err := a.readAll(ctx)
	if err != nil {
		return mlflow.ACL{}, err
	}
	wanted := map[mlflow.Principal]string{}
	for _, g := range grants {
		if err := api.supports(g.Principal); err != nil {
			return mlflow.ACL{}, err
		}
		if err := all.checkPrincipal(g.Principal); err != nil {
			return mlflow.ACL{}, err
		}
		wanted[g.Principal] = toServerLevel(g.Level)
	}
	defer a.backend.grantsChanged()
	current := all.direct(experimentID)
	for _, g := range grants {
		if from, to := current[g.Principal], wanted[g.Principal]; from != to {
			if err := api.change(ctx, experimentID, g.Principal, from, to); err != nil {
				return mlflow.ACL{}, err
			}
		}
	}
	var revoked []mlflow.Principal
	for _, p := range sortedPrincipals(current) {
		if _, stays := wanted[p]; !stays {
			if err := api.change(ctx, experimentID, p, current[p], ""); err != nil {
				return mlflow.ACL{}, err
			}
			revoked = append(revoked, p)
		}
	}
	if err := a.checkRevoked(ctx, experimentID, revoked); err != nil {
		return mlflow.ACL{}, err
	}
	return all.with(experimentID, wanted).acl(experimentID), nil
}

// Level implements [mlflow.AccessControl].
func (a accessControl) Level(ctx context.Context, experimentID string, p mlflow.Principal) (mlflow.DirectGrant, error) {
	api, err := a.api(ctx)
	if err != nil {
		return mlflow.DirectGrant{}, err
	}
	if err := api.supports(p); err != nil {
		return mlflow.DirectGrant{}, err
	}
	level, err := api.level(ctx, experimentID, p)
	if err != nil {
		return mlflow.DirectGrant{}, err
	}
	e, err := a.exists(ctx, experimentID)
	return mlflow.DirectGrant{Level: fromServerLevel(level), Created: e.Created()}, err
}

// Grant implements [mlflow.AccessControl].
func (a accessControl) Grant(ctx context.Context, experimentID string, g mlflow.Grant) (time.Time, error) {
	return a.changeOne(ctx, experimentID, g.Principal, toServerLevel(g.Level))
}

// Revoke implements [mlflow.AccessControl].
func (a accessControl) Revoke(ctx context.Context, experimentID string, p mlflow.Principal) error {
	_, err := a.changeOne(ctx, experimentID, p, "")
	return err
}

// Leftover implements [mlflow.AccessControl]. Neither delete nor `mlflow gc` revokes the grants on an experiment, and a server with
// SQLite reuses its ID. The grants are read once per run. The result is empty without credentials, and if grants cannot be listed.
func (a accessControl) Leftover(ctx context.Context, experimentID string) ([]mlflow.Grant, error) {
	if a.backend.Username == "" {
		return nil, nil
	}
	all, err := a.backend.leftovers.Get(ctx, func(ctx context.Context) (*allGrants, error) {
		all, _, err := a.readAll(ctx)
		if _, unsupported := errors.AsType[*mlflow.UnsupportedError](err); unsupported {
			return &allGrants{}, nil
		}
		return all, err
	})
	if err != nil {
		return nil, err
	}
	var left []mlflow.Grant
	levels := all.direct(experimentID)
	for _, p := range sortedPrincipals(levels) {
		if p != (mlflow.Principal{Kind: mlflow.KindUser, Name: a.backend.Username}) {
			left = append(left, mlflow.Grant{Principal: p, Level: fromServerLevel(levels[p])})
		}
	}
	return left, nil
}

// Levels implements [mlflow.AccessControl].
func (a accessControl) Levels(ctx context.Context, _ string) ([]mlflow.LevelInfo, error) {
	api, err := a.api(ctx)
	if err != nil {
		return nil, err
	}
	var infos []mlflow.LevelInfo
	for _, level := range api.levels() {
		infos = append(infos, mlflow.LevelInfo{Level: fromServerLevel(level), Description: levelDescriptions[level]})
	}
	return infos, nil
}

// exists reads the experiment, because grants do not show whether it exists: they remain after it is deleted.
func (a accessControl) exists(ctx context.Context, experimentID string) (mlflow.Experiment, error) {
	e, err := a.client.RefreshExperiment(ctx, experimentID, func(e mlflow.Experiment) bool { return !e.Deleted() })
	if err == nil && e.Deleted() {
		err = &rest.APIError{
			Method: http.MethodGet, Path: mlflow.ExperimentsPath + "get", Status: http.StatusNotFound, Code: "RESOURCE_DOES_NOT_EXIST",
			Message: "the experiment is deleted", Attempts: 1,
		}
	}
	return e, err
}

// readAll reads all grants. Errors: *[mlflow.UnsupportedError], also if the caller cannot read them.
func (a accessControl) readAll(ctx context.Context) (*allGrants, permissionAPI, error) {
	api, err := a.api(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := api.read(ctx)
	return all, api, err
}

// checkRevoked reads the grants on an experiment again, and returns an error if one that was revoked still exists.
func (a accessControl) checkRevoked(ctx context.Context, experimentID string, revoked []mlflow.Principal) error {
	if len(revoked) == 0 {
		return nil
	}
	a.backend.grantsChanged()
	all, _, err := a.readAll(ctx)
	if err != nil {
		return fmt.Errorf("reading the grants again: %w", err)
	}
	now := all.direct(experimentID)
	for _, p := range revoked {
		if now[p] != "" {
			return &mlflow.StillGrantedError{Principal: p}
		}
	}
	return nil
}

// changeOne grants a level to a principal, or revokes its grant if the level is "".
func (a accessControl) changeOne(ctx context.Context, experimentID string, p mlflow.Principal, to string) (created time.Time, err error) {
	api, err := a.api(ctx)
	if err != nil {
		return created, err
	}
	if err := api.supports(p); err != nil {
		return created, err
	}
	a.backend.grantsChanged()
	from, err := api.level(ctx, experimentID, p)
	if err != nil {
		return created, err
	}
	if to != "" { // the server would also grant on an experiment that does not exist
		e, err := a.exists(ctx, experimentID)
		if err != nil {
			return created, err
		}
		created = e.Created()
	}
	if from == to {
		return created, nil
	}
	defer a.backend.grantsChanged()
	if err := api.change(ctx, experimentID, p, from, to); err != nil || to != "" {
		return created, err
	}
	a.backend.grantsChanged()
	now, err := api.level(ctx, experimentID, p)
	if err == nil && now != "" {
		err = &mlflow.StillGrantedError{Principal: p}
	}
	return created, err
}
