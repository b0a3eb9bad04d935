package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// rbacAPI is the role-based permission API of MLflow 3.13 and newer. A user's own grants sit in a hidden role of that user; the other
// roles are what groups are elsewhere. API: users/permissions/*, roles/*, users/list.
type rbacAPI struct {
	client *Client
	server *Server
}

const rbacPath = "/api/3.0/mlflow/"

type rbacUser struct {
	ID       Int64  `json:"id"`
	Username string `json:"username"`
	IsAdmin  bool   `json:"is_admin"`
	// Roles are listed by users/list alone.
	Roles []rbacRole `json:"roles"`
}

type rbacRole struct {
	ID          Int64            `json:"id"`
	Name        string           `json:"name"`
	Workspace   string           `json:"workspace"`
	Permissions []rbacPermission `json:"permissions"`
}

type rbacPermission struct {
	ID         Int64  `json:"id"`
	Type       string `json:"resource_type"`
	Pattern    string `json:"resource_pattern"`
	Permission string `json:"permission"`
}

// hiddenRole is the role that holds a user's own grants.
func (u rbacUser) hiddenRole() string { return fmt.Sprintf("__user_%d__", u.ID) }

// read needs two calls for all experiments: users/list names the users, and roles/list has all grants, also of roles without members.
func (a *rbacAPI) read(ctx context.Context) (*serverGrants, error) {
	return a.server.grants.get(ctx, func(ctx context.Context) (*serverGrants, error) {
		users, err := listUsers(ctx, a.client)
		var roles []rbacRole
		if err == nil {
			roles, err = a.roles(ctx)
		}
		if IsPermissionDenied(err) {
			return nil, &UnsupportedError{Reason: "this MLflow server lists grants only for its admins and for users with a role in the workspace, which " +
				"creating an experiment there provides. Ask an admin for a role, or use the credentials of a user who has one"}
		}
		if err != nil {
			return nil, err
		}
		return rbacGrants(users, roles), nil
	})
}

func listUsers(ctx context.Context, c *Client) ([]rbacUser, error) {
	var out usersAnswer
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/2.0/mlflow/users/list", out: &out, group: GroupPermissionReads, page: true})
	return out.Users, err
}

// usersAnswer lists all users.
type usersAnswer struct {
	Users []rbacUser `json:"users"`
}

// usable implements [answer]. Whoever asks is listed.
func (a *usersAnswer) usable(bool) error {
	if len(a.Users) == 0 || slices.ContainsFunc(a.Users, func(u rbacUser) bool { return u.Username == "" }) {
		return errors.New("it contains no users, or one without a username")
	}
	return nil
}

// rolesAnswer lists roles; there may be none.
type rolesAnswer struct {
	Roles []rbacRole `json:"roles"`
}

// usable implements [answer].
func (a *rolesAnswer) usable(bool) error {
	if a.Roles == nil || slices.ContainsFunc(a.Roles, func(r rbacRole) bool { return r.ID == 0 || r.Name == "" }) {
		return errors.New("it contains no roles, or one without an ID and a name")
	}
	return nil
}

// roles lists the roles of the active workspace: asked for one workspace, the server answers everybody who has a role there, and not
// admins alone.
func (a *rbacAPI) roles(ctx context.Context) ([]rbacRole, error) {
	var out rolesAnswer
	err := a.client.do(ctx, call{
		method: http.MethodGet, path: rbacPath + "roles/list", query: url.Values{"workspace": {a.server.activeWorkspace()}},
		out: &out, group: GroupPermissionReads, page: true,
	})
	return out.Roles, err
}

func rbacGrants(users []rbacUser, roles []rbacRole) *serverGrants {
	all := &serverGrants{members: map[string][]string{}}
	hidden := map[string]string{}
	for _, u := range users {
		all.users = append(all.users, u.Username)
		hidden[u.hiddenRole()] = u.Username
		if u.IsAdmin {
			all.admins = append(all.admins, u.Username)
		}
	}
	for _, r := range roles {
		principal := Principal{Kind: KindGroup, Name: r.Name}
		if username, ok := hidden[r.Name]; ok {
			principal = Principal{Kind: KindUser, Name: username}
		} else {
			all.groups = append(all.groups, r.Name)
			all.members[r.Name] = membersOf(r, users)
		}
		for _, p := range r.Permissions {
			if grant, ok := p.grant(principal); ok {
				all.grants = append(all.grants, grant)
			}
		}
	}
	return all
}

// membersOf lists the users in a role, by name. Roles of other workspaces may have the same name.
func membersOf(r rbacRole, users []rbacUser) []string {
	members := []string{}
	for _, u := range users {
		if slices.ContainsFunc(u.Roles, func(held rbacRole) bool { return held.ID == r.ID }) {
			members = append(members, u.Username)
		}
	}
	slices.Sort(members)
	return members
}

// grant reads one row of a role; rows about other things than experiments are none. For a workspace MANAGE alone counts: it makes an
// admin there, whereas USE lets people in and gives them no experiment.
func (p rbacPermission) grant(principal Principal) (serverGrant, bool) {
	switch {
	case p.Type == "workspace" && p.Permission == "MANAGE":
		return serverGrant{principal, everyExperiment, p.Permission, fromWorkspace}, true
	case p.Type == "experiment" && p.Pattern == everyExperiment:
		return serverGrant{principal, everyExperiment, p.Permission, fromEveryExperiment}, true
	case p.Type == "experiment":
		return serverGrant{principal: principal, experimentID: p.Pattern, level: p.Permission}, true
	}
	return serverGrant{}, false
}

func (a *rbacAPI) level(ctx context.Context, experimentID string, p Principal) (string, error) {
	all, err := a.read(ctx)
	if err != nil {
		return "", err
	}
	if err := all.missing(p); err != nil {
		return "", err
	}
	return all.direct(experimentID)[p], nil
}

func (a *rbacAPI) levels() []string { return []string{"READ", "USE", "EDIT", "MANAGE", "DENY"} }

func (a *rbacAPI) supports(p Principal) error { return a.server.checkPrincipal(p) }

// change grants and revokes; there is no call that changes a level. When that fails half-way, the old level is granted again, so that nobody
// is left with nothing.
func (a *rbacAPI) change(ctx context.Context, experimentID string, p Principal, from, to string) error {
	if p.Kind == KindGroup {
		return a.changeRole(ctx, experimentID, p, from, to)
	}
	if from != "" {
		err := a.revoke(ctx, experimentID, p)
		switch {
		case err != nil && to != "" && isUncertain(err): // it may be gone all the same
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

// restoreGrant grants the level that a failed change took away, unless it is still there, and also when ctx has ended. It returns why the change
// failed.
func (a *rbacAPI) restoreGrant(ctx context.Context, experimentID string, p Principal, level string, why error) error {
	ctx, cancel := a.client.AfterFailure(ctx)
	defer cancel()
	if err := a.grant(ctx, experimentID, p, level); err != nil && !IsAlreadyExists(err) {
		return fmt.Errorf("%w; restoring %s also failed, so %q now has no direct grant on the experiment: %w", why, fromServerLevel(level), p.Name, err)
	}
	return why
}

type userPermission struct {
	Username   string `json:"username"`
	Type       string `json:"resource_type"`
	ID         string `json:"resource_id"`
	Permission string `json:"permission,omitempty"`
}

func (a *rbacAPI) grant(ctx context.Context, experimentID string, p Principal, level string) error {
	err := a.client.do(ctx, call{
		method: http.MethodPost, path: rbacPath + "users/permissions/grant",
		body: userPermission{p.Name, "experiment", experimentID, level}, group: GroupPermissionWrites,
	})
	err = a.client.confirm(ctx, err, IsAlreadyExists, a.holds(experimentID, p, level))
	if IsNotFound(err) {
		return &MissingPrincipalError{Principal: p, Err: err}
	}
	return err
}

func (a *rbacAPI) revoke(ctx context.Context, experimentID string, p Principal) error {
	err := a.client.do(ctx, call{
		method: http.MethodPost, path: rbacPath + "users/permissions/revoke",
		body: userPermission{Username: p.Name, Type: "experiment", ID: experimentID}, group: GroupPermissionWrites,
	})
	return goneAlready(ctx, err, a.holds(experimentID, p, ""))
}

// goneAlready turns "not found" into success when a read shows that there is no grant: an earlier try revoked it, or somebody else did.
func goneAlready(ctx context.Context, err error, none func(context.Context) bool) error {
	if IsNotFound(err) && none(ctx) {
		return nil
	}
	return err
}

// holds tells, by a fresh read, whether a principal holds exactly a level.
func (a *rbacAPI) holds(experimentID string, p Principal, level string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		a.server.grantsChanged()
		now, err := a.level(ctx, experimentID, p)
		return err == nil && now == level
	}
}

// changeRole changes a row of a role; there the level can be changed in place.
func (a *rbacAPI) changeRole(ctx context.Context, experimentID string, p Principal, from, to string) error {
	role, row, err := a.findRole(ctx, experimentID, p)
	if err != nil {
		return err
	}
	switch {
	case from == "":
		err = a.client.do(ctx, call{
			method: http.MethodPost, path: rbacPath + "roles/permissions/add", group: GroupPermissionWrites, out: &rolePermissionAnswer{pattern: experimentID},
			body: map[string]any{"role_id": role, "resource_type": "experiment", "resource_pattern": experimentID, "permission": to},
		})
		return a.client.confirm(ctx, err, IsAlreadyExists, a.holds(experimentID, p, to))
	case to == "" && row == 0:
		return nil // somebody else has revoked it meanwhile
	case to == "":
		err = a.client.do(ctx, call{
			method: http.MethodDelete, path: rbacPath + "roles/permissions/remove", group: GroupPermissionWrites,
			body: map[string]any{"role_permission_id": row},
		})
		return goneAlready(ctx, err, a.holds(experimentID, p, ""))
	default:
		return a.client.do(ctx, call{
			method: http.MethodPatch, path: rbacPath + "roles/permissions/update", group: GroupPermissionWrites, out: &rolePermissionAnswer{pattern: experimentID},
			body: map[string]any{"role_permission_id": row, "permission": to},
		})
	}
}

// rolePermissionAnswer is one row of a role.
type rolePermissionAnswer struct {
	Permission rbacPermission `json:"role_permission"`

	pattern string
}

// usable implements [answer].
func (a *rolePermissionAnswer) usable(bool) error {
	return checkSame("experiment", a.pattern, a.Permission.Pattern)
}

// findRole gives the id of a role, and of its row about an experiment (0 when it has none).
func (a *rbacAPI) findRole(ctx context.Context, experimentID string, p Principal) (role, row Int64, err error) {
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
	return 0, 0, &MissingPrincipalError{Principal: p, Err: fmt.Errorf("the MLflow server has no role %q", p.Name)}
}

// rbacCaller asks who the credentials belong to. API: GET users/current (3.13).
func rbacCaller(ctx context.Context, c *Client, workspace string) (Caller, error) {
	user, err := rbacUserOf(ctx, c)
	if err != nil {
		return Caller{}, err
	}
	caller := Caller{Principal: Principal{Kind: KindUser, Name: user.Username}, ID: fmt.Sprint(user.ID), Admin: user.IsAdmin}
	caller.Groups, err = currentUserRoles(ctx, c, workspace)
	return caller, err
}

// currentUserAnswer is the user whose credentials are used.
type currentUserAnswer struct {
	User rbacUser `json:"user"`
}

// usable implements [answer].
func (a *currentUserAnswer) usable(bool) error {
	if a.User.Username == "" {
		return errors.New("it contains no user")
	}
	return nil
}

func rbacUserOf(ctx context.Context, c *Client) (rbacUser, error) {
	var out currentUserAnswer
	err := c.do(ctx, call{method: http.MethodGet, path: "/api/2.0/mlflow/users/current", out: &out, group: GroupPermissionReads})
	return out.User, err
}

// ownGrantsAnswer lists the grants of the caller in all workspaces.
type ownGrantsAnswer struct {
	Permissions []struct {
		Role      string `json:"role_name"`
		Workspace string `json:"workspace"`
	} `json:"permissions"`
}

// usable implements [answer].
func (a *ownGrantsAnswer) usable(bool) error {
	if a.Permissions == nil {
		return errors.New("it contains no permissions")
	}
	return nil
}

// currentUserRoles lists the roles of one workspace that the caller is a member of. A role of the same name in another workspace is
// another role. API: GET users/current/permissions.
func currentUserRoles(ctx context.Context, c *Client, workspace string) ([]string, error) {
	var out ownGrantsAnswer
	err := c.do(ctx, call{method: http.MethodGet, path: rbacPath + "users/current/permissions", out: &out, group: GroupPermissionReads})
	if IsEndpointAbsent(err) && !isForeign(err) {
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
