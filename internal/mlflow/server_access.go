package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// serverAccess is the access control of an MLflow server, whose permission API is found out at the first call: role-based grants
// (3.13 and newer), the older calls for each experiment (2.5 to 3.12), or none.
type serverAccess struct {
	client *Client
	server *Server
}

// permissionAPI is one generation of a server's permission API. Levels are in the server's own words.
type permissionAPI interface {
	// read gives everything that is granted on any experiment, shared by all readers until something is written.
	read(ctx context.Context) (*serverGrants, error)
	// level reads one principal's own grant, "" when there is none.
	level(ctx context.Context, experimentID string, p Principal) (string, error)
	// change makes one principal's level another one. Either may be "": nothing granted.
	change(ctx context.Context, experimentID string, p Principal, from, to string) error
	// levels lists what can be granted.
	levels() []string
	// supports says why a principal can't be granted anything, nil when it can.
	supports(p Principal) error
}

// serverGrants is everything that a server grants on experiments, at one moment.
type serverGrants struct {
	// admins are users who may do everything.
	admins []string
	// users and groups are all that there are, whether they hold a grant or not. members lists the users in each group.
	users, groups []string
	members       map[string][]string
	grants        []serverGrant
}

// serverGrant is one grant. experimentID is "*" for one on all experiments; from says then where it comes from.
type serverGrant struct {
	principal    Principal
	experimentID string
	level        string
	from         string
}

// everyExperiment is the pattern of a grant on all experiments.
const everyExperiment = "*"

// Where a grant on all experiments comes from.
const (
	fromAdmin           = "admin"
	fromWorkspace       = "workspace"
	fromEveryExperiment = "every experiment"
)

// serverLevels maps the levels that both servers have. Others go by the server's own name.
var serverLevels = map[string]string{LevelRead: "READ", LevelEdit: "EDIT", LevelManage: "MANAGE"}

func toServerLevel(level string) string {
	if s, ok := serverLevels[level]; ok {
		return s
	}
	return level
}

func fromServerLevel(level string) string {
	for ours, theirs := range serverLevels {
		if theirs == level {
			return ours
		}
	}
	return level
}

// acl picks what concerns one experiment. Grants on all experiments count as inherited, and so does what an admin may do.
func (g *serverGrants) acl(experimentID string) ACL {
	acl := ACL{}
	at := map[Principal]int{}
	add := func(p Principal, permission Permission) {
		i, there := at[p]
		if !there {
			i = len(acl.Entries)
			at[p] = i
			acl.Entries = append(acl.Entries, ACLEntry{Principal: p})
		}
		acl.Entries[i].Permissions = append(acl.Entries[i].Permissions, permission)
	}
	for _, grant := range g.grants {
		switch grant.experimentID {
		case experimentID:
			add(grant.principal, Permission{Level: fromServerLevel(grant.level)})
		case everyExperiment:
			add(grant.principal, Permission{Level: fromServerLevel(grant.level), Inherited: true, InheritedFrom: []string{grant.from}})
		}
	}
	for _, admin := range g.admins {
		add(Principal{Kind: KindUser, Name: admin}, Permission{Level: LevelManage, Inherited: true, InheritedFrom: []string{fromAdmin}})
	}
	return acl
}

// isAdmin reports whether the caller is an admin of the server or of the workspace.
func (g *serverGrants) isAdmin(caller Caller) bool {
	return caller.Admin || slices.ContainsFunc(g.grants, func(grant serverGrant) bool {
		own := grant.principal == caller.Principal || grant.principal.Kind == KindGroup && slices.Contains(caller.Groups, grant.principal.Name)
		return own && grant.from == fromWorkspace
	})
}

// without gives a user who holds nothing on an experiment, neither alone nor by a role; found is false when there is none.
func (g *serverGrants) without(experimentID string) (user string, found bool) {
	holders := map[string]bool{}
	for _, e := range g.acl(experimentID).Entries {
		if e.Principal.Kind == KindUser {
			holders[e.Principal.Name] = true
			continue
		}
		for _, member := range g.members[e.Principal.Name] {
			holders[member] = true
		}
	}
	i := slices.IndexFunc(g.users, func(name string) bool { return !holders[name] })
	if i < 0 {
		return "", false
	}
	return g.users[i], true
}

// direct gives the level that each principal holds on one experiment itself, in the server's words.
func (g *serverGrants) direct(experimentID string) map[Principal]string {
	levels := map[Principal]string{}
	for _, grant := range g.grants {
		if grant.experimentID == experimentID {
			levels[grant.principal] = grant.level
		}
	}
	return levels
}

// missing says that a principal does not exist, nil when it does.
func (g *serverGrants) missing(p Principal) error {
	known, noun := g.users, "user"
	if p.Kind == KindGroup {
		known, noun = g.groups, "role"
	}
	if slices.Contains(known, p.Name) {
		return nil
	}
	return &MissingPrincipalError{Principal: p, Err: fmt.Errorf("the MLflow server has no %s %q", noun, p.Name)}
}

// Get implements [AccessControl].
func (a serverAccess) Get(ctx context.Context, experimentID string) (ACL, error) {
	acl, err := a.GetListed(ctx, experimentID)
	if err != nil {
		return ACL{}, err
	}
	e, err := a.exists(ctx, experimentID)
	acl.Created = e.Created()
	return acl, err
}

// GetListed implements [AccessControl].
func (a serverAccess) GetListed(ctx context.Context, experimentID string) (ACL, error) {
	all, _, err := a.readAll(ctx)
	if err != nil {
		return ACL{}, err
	}
	return all.acl(experimentID), nil
}

// Background implements [AccessControl]. Only admins are shown who is in which role, and may ask what somebody else may do. The server
// tells its default level by that alone: it is what a user may do who holds nothing.
func (a serverAccess) Background(ctx context.Context, experimentIDs []string) (Background, error) {
	all, api, err := a.readAll(ctx)
	if err != nil {
		return Background{}, err
	}
	if _, legacy := api.(*legacyAPI); legacy {
		return Background{}, nil
	}
	caller, err := a.client.Caller(ctx)
	if err != nil || !all.isAdmin(caller) {
		return Background{}, err
	}
	b := Background{Members: all.members}
	for _, id := range experimentIDs {
		if user, found := all.without(id); found {
			level, err := a.effective(ctx, user, id)
			b.DefaultLevel = fromServerLevel(level)
			return b, err
		}
	}
	return b, nil
}

// exists asks for the experiment itself: grants outlive it, so they do not tell whether there is one.
func (a serverAccess) exists(ctx context.Context, experimentID string) (Experiment, error) {
	e, err := a.client.RefreshExperiment(ctx, experimentID, func(e Experiment) bool { return !e.Deleted() })
	if err == nil && e.Deleted() {
		err = &APIError{
			Method: http.MethodGet, Path: experimentsPath + "get", Status: http.StatusNotFound, Code: "RESOURCE_DOES_NOT_EXIST",
			Message: "the experiment is deleted", Attempts: 1,
		}
	}
	return e, err
}

// readAll reads all grants. Errors: *[UnsupportedError] when the caller may not see them.
func (a serverAccess) readAll(ctx context.Context) (*serverGrants, permissionAPI, error) {
	api, err := a.api(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := api.read(ctx)
	return all, api, err
}

// Set implements [AccessControl]. Whether every principal exists is checked before the first change. New grants come first and
// removals last, so that a failure in the middle takes nothing away that should be there.
func (a serverAccess) Set(ctx context.Context, experimentID string, grants []Grant) (ACL, error) {
	a.server.grantsChanged()
	all, api, err := a.readAll(ctx)
	if err != nil {
		return ACL{}, err
	}
	wanted := map[Principal]string{}
	for _, g := range grants {
		if err := api.supports(g.Principal); err != nil {
			return ACL{}, err
		}
		if err := all.missing(g.Principal); err != nil {
			return ACL{}, err
		}
		wanted[g.Principal] = toServerLevel(g.Level)
	}
	defer a.server.grantsChanged()
	held := all.direct(experimentID)
	for _, g := range grants {
		if from, to := held[g.Principal], wanted[g.Principal]; from != to {
			if err := api.change(ctx, experimentID, g.Principal, from, to); err != nil {
				return ACL{}, err
			}
		}
	}
	var revoked []Principal
	for p, level := range held {
		if _, stays := wanted[p]; !stays {
			if err := api.change(ctx, experimentID, p, level, ""); err != nil {
				return ACL{}, err
			}
			revoked = append(revoked, p)
		}
	}
	if err := a.checkRevoked(ctx, experimentID, revoked); err != nil {
		return ACL{}, err
	}
	return all.with(experimentID, wanted).acl(experimentID), nil
}

// checkRevoked reads the grants on an experiment again after some were revoked: only then are they gone.
func (a serverAccess) checkRevoked(ctx context.Context, experimentID string, revoked []Principal) error {
	if len(revoked) == 0 {
		return nil
	}
	a.server.grantsChanged()
	all, _, err := a.readAll(ctx)
	if err != nil {
		return fmt.Errorf("reading the grants again: %w", err)
	}
	now := all.direct(experimentID)
	for _, p := range revoked {
		if now[p] != "" {
			return &StillGrantedError{Principal: p}
		}
	}
	return nil
}

// with returns the grants as they are once those on one experiment are replaced.
func (g *serverGrants) with(experimentID string, levels map[Principal]string) *serverGrants {
	changed := *g
	changed.grants = slices.DeleteFunc(slices.Clone(g.grants), func(grant serverGrant) bool { return grant.experimentID == experimentID })
	for p, level := range levels {
		changed.grants = append(changed.grants, serverGrant{principal: p, experimentID: experimentID, level: level})
	}
	return &changed
}

// Level implements [AccessControl].
func (a serverAccess) Level(ctx context.Context, experimentID string, p Principal) (Holding, error) {
	api, err := a.api(ctx)
	if err != nil {
		return Holding{}, err
	}
	if err := api.supports(p); err != nil {
		return Holding{}, err
	}
	level, err := api.level(ctx, experimentID, p)
	if err != nil {
		return Holding{}, err
	}
	e, err := a.exists(ctx, experimentID)
	return Holding{fromServerLevel(level), e.Created()}, err
}

// Grant implements [AccessControl].
func (a serverAccess) Grant(ctx context.Context, experimentID string, g Grant) (time.Time, error) {
	return a.changeOne(ctx, experimentID, g.Principal, toServerLevel(g.Level))
}

// Revoke implements [AccessControl].
func (a serverAccess) Revoke(ctx context.Context, experimentID string, p Principal) error {
	_, err := a.changeOne(ctx, experimentID, p, "")
	return err
}

// changeOne makes a principal's level another one, "" to hold nothing.
func (a serverAccess) changeOne(ctx context.Context, experimentID string, p Principal, to string) (created time.Time, err error) {
	api, err := a.api(ctx)
	if err != nil {
		return created, err
	}
	if err := api.supports(p); err != nil {
		return created, err
	}
	a.server.grantsChanged()
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
	defer a.server.grantsChanged()
	if err := api.change(ctx, experimentID, p, from, to); err != nil || to != "" {
		return created, err
	}
	a.server.grantsChanged()
	now, err := api.level(ctx, experimentID, p)
	if err == nil && now != "" {
		err = &StillGrantedError{Principal: p}
	}
	return created, err
}

// Leftover implements [AccessControl]. Neither delete nor `mlflow gc` removes the grants on an experiment, and SQLite uses its ID again. They are
// read once a run. Without credentials there are none, and who may not list the grants is told nothing.
func (a serverAccess) Leftover(ctx context.Context, experimentID string) ([]Grant, error) {
	if a.server.Username == "" {
		return nil, nil
	}
	all, err := a.server.leftovers.get(ctx, func(ctx context.Context) (*serverGrants, error) {
		all, _, err := a.readAll(ctx)
		if _, unsupported := errors.AsType[*UnsupportedError](err); unsupported {
			return &serverGrants{}, nil
		}
		return all, err
	})
	if err != nil {
		return nil, err
	}
	var left []Grant
	for p, level := range all.direct(experimentID) {
		if p != (Principal{Kind: KindUser, Name: a.server.Username}) {
			left = append(left, Grant{Principal: p, Level: fromServerLevel(level)})
		}
	}
	return left, nil
}

// Levels implements [AccessControl].
func (a serverAccess) Levels(ctx context.Context, _ string) ([]LevelInfo, error) {
	api, err := a.api(ctx)
	if err != nil {
		return nil, err
	}
	var infos []LevelInfo
	for _, level := range api.levels() {
		infos = append(infos, LevelInfo{Level: fromServerLevel(level), Description: serverLevelTexts[level]})
	}
	return infos, nil
}

var serverLevelTexts = map[string]string{
	"NO_PERMISSIONS": "Can do nothing", "DENY": "Can do nothing, whatever else is granted", "READ": "Can view", "USE": "Can view and use; MLflow 3 and newer",
	"EDIT": "Can view, log runs, and edit", "MANAGE": "Can view, log runs, edit, delete, and change permissions",
}

// api finds out which permission API the server has. It goes by what the server answers, not by its version.
func (a serverAccess) api(ctx context.Context) (permissionAPI, error) {
	return a.server.permissions.get(ctx, a.probe)
}

func (a serverAccess) probe(ctx context.Context) (permissionAPI, error) {
	_, err := a.effective(ctx, a.server.Username, "0")
	if err == nil || isAnswer(err) {
		return &rbacAPI{client: a.client, server: a.server}, nil
	}
	if !IsEndpointAbsent(err) {
		return nil, err
	}
	legacy := &legacyAPI{client: a.client, server: a.server}
	_, err = legacy.level(ctx, "0", Principal{Kind: KindUser, Name: a.server.Username})
	switch {
	case err == nil || isAnswer(err):
		return legacy, nil
	case !IsEndpointAbsent(err):
		return nil, err
	}
	// An ingress that passes /api/2.0 alone looks the same; users/current is there with RBAC, below /api/2.0.
	if _, err := rbacUserOf(ctx, a.client); err == nil || isAnswer(err) {
		return nil, &UnsupportedError{Reason: "the MLflow server has authentication, but its /api/3.0 endpoints, which manage permissions, are not reachable. Have the ingress or " +
			"proxy in front of it pass /api/3.0 as well as /api/2.0"}
	}
	return nil, &UnsupportedError{Reason: "the MLflow server has no permissions, because it runs without authentication. Start it with `mlflow server --app-name basic-auth` " +
		"(MLflow 2.5 or newer) and configure the username and password of an admin, or remove the permission resources"}
}

// isAnswer reports that the API itself refused something, which proves that it is there: with a code for the client's mistakes, or with
// the text of the authentication app. An error of the server, or of something in front of it, proves nothing.
func isAnswer(err error) bool {
	e, ok := asRefusal(err)
	if !ok || IsUnauthenticated(err) || IsEndpointAbsent(err) || e.Status >= http.StatusInternalServerError || isThrottled(e.Status, e.Code, []byte(e.Message)) {
		return false
	}
	return e.Code != "" || e.Status == http.StatusForbidden && e.Message == "Permission denied"
}

// effectiveAnswer is the level of a user, all grants together.
type effectiveAnswer struct {
	Permission string `json:"permission"`
}

// usable implements [answer].
func (a *effectiveAnswer) usable(bool) error {
	if a.Permission == "" {
		return errors.New("it contains no permission")
	}
	return nil
}

// effective asks what a user may do on an experiment, all told. API: GET users/permissions/get (3.0).
func (a serverAccess) effective(ctx context.Context, username, experimentID string) (string, error) {
	var out effectiveAnswer
	err := a.client.do(ctx, call{
		method: http.MethodGet, path: "/api/3.0/mlflow/users/permissions/get",
		query: url.Values{"username": {username}, "resource_type": {"experiment"}, "resource_id": {experimentID}}, out: &out, group: GroupPermissionReads,
	})
	return out.Permission, err
}
