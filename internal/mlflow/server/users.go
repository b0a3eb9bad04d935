package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// User is a user of an MLflow server.
type User struct {
	Name  string
	Admin bool
	// Roles has the roles of which the user is a member, sorted, without the hidden role. It is empty before MLflow 3.13. Server admins
	// can read all memberships, and other users their own and those in workspaces that they manage.
	Roles []RoleRef
}

// RoleRef identifies a role.
type RoleRef struct{ Workspace, Name string }

// userList is the response of users/list.
type userList struct {
	users []wire.User
	// absent is the error of a server without the endpoint, before MLflow 3.10.
	absent error
	// names reports whether the list has only names, as before MLflow 3.13.
	names bool
}

// listedUsers returns the list of users. It is cached until a change.
func (s *Backend) listedUsers(ctx context.Context, c *mlflow.Client) (userList, error) {
	return s.shared().directory.users.Get(ctx, func(ctx context.Context) (userList, error) { return readUsers(ctx, c) })
}

func readUsers(ctx context.Context, c *mlflow.Client) (userList, error) {
	users, err := listUsers(ctx, c)
	if rest.IsEndpointAbsent(err) && !rest.IsFromProxy(err) {
		return userList{absent: err}, nil
	}
	names := !slices.ContainsFunc(users, func(u wire.User) bool { return u.Roles != nil })
	return userList{users: users, names: names}, err
}

// allUsers returns the users of a server with roles.
func (s *Backend) allUsers(ctx context.Context, c *mlflow.Client) ([]wire.User, error) {
	list, err := s.listedUsers(ctx, c)
	return list.users, cmp.Or(err, list.absent)
}

// listedUsers returns the list of users.
func (d *Directory) listedUsers(ctx context.Context) (userList, error) {
	return d.backend.listedUsers(ctx, d.client)
}

// listedUsersIn returns the list of users. If the caller cannot read it in the configured workspace, it is read in the given one, of
// which the caller may be a member.
func (d *Directory) listedUsersIn(ctx context.Context, workspace string) (userList, error) {
	list, err := d.listedUsers(ctx)
	if !rest.IsPermissionDenied(err) {
		return list, err
	}
	in, workspaceErr := d.client.InWorkspace(workspace)
	if workspaceErr != nil || in == d.client {
		return list, err
	}
	backend, ok := in.Backend().(*Backend)
	if !ok {
		return list, err
	}
	return backend.members.Get(ctx, func(ctx context.Context) (userList, error) { return readUsers(ctx, in) })
}

// Users lists the users of the server in order of name. Errors: *[mlflow.UnsupportedError] if the server cannot list users.
// API: GET users/list; before 3.13 also users/get for each.
func (d *Directory) Users(ctx context.Context) ([]User, error) {
	list, err := d.listedUsers(ctx)
	switch {
	case err != nil:
		return nil, err
	case list.absent != nil:
		return nil, d.explainAbsent(ctx, list.absent, "a list of users", "3.11")
	case list.names:
		return d.cache().fullUsers.Get(ctx, func(ctx context.Context) ([]User, error) { return d.readEachUser(ctx, list.users) })
	}
	users := make([]User, 0, len(list.users))
	for _, u := range list.users {
		users = append(users, toUser(u))
	}
	return sortedUsers(users), nil
}

// readEachUser reads each user, because the list of an older server does not include whether a user is an admin.
func (d *Directory) readEachUser(ctx context.Context, names []wire.User) ([]User, error) {
	found := make([]*User, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelUserReads)
	for i, name := range names {
		group.Go(func() error {
			u, err := d.getUser(ctx, name.Username)
			if rest.IsNotFound(err) {
				return nil // deleted since the list was read
			}
			found[i] = &u
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	users := make([]User, 0, len(names))
	for _, u := range found {
		if u != nil {
			users = append(users, *u)
		}
	}
	return sortedUsers(users), nil
}

// User returns a user by name, compared exactly. It is looked up in the list of users if the caller can read that with all attributes,
// and else read directly, without roles. Errors: [rest.IsNotFound].
func (d *Directory) User(ctx context.Context, name string) (User, error) {
	list, err := d.listedUsers(ctx)
	switch {
	case err == nil && (list.absent != nil || list.names), rest.IsPermissionDenied(err):
		u, err := d.getUser(ctx, name)
		return u, d.explainAbsent(ctx, err, "users", "2.5")
	case err != nil:
		return User{}, err
	}
	for _, u := range list.users {
		if u.Username == name {
			return toUser(u), nil
		}
	}
	return User{}, notListedError(wire.UsersPath+"list", "user", name)
}

// getUser reads a user without the roles. API: GET users/get.
func (d *Directory) getUser(ctx context.Context, name string) (User, error) {
	u, err := readUser(ctx, withoutWorkspace(d.client), name)
	return User{Name: u.Username, Admin: u.IsAdmin, Roles: []RoleRef{}}, err
}

// toUser converts a user of a response.
func toUser(u wire.User) User {
	roles := []RoleRef{}
	for _, r := range u.Roles {
		if !r.Hidden() {
			roles = append(roles, RoleRef{Workspace: r.Workspace, Name: r.Name})
		}
	}
	slices.SortFunc(roles, func(a, b RoleRef) int {
		return cmp.Or(strings.Compare(a.Workspace, b.Workspace), strings.Compare(a.Name, b.Name))
	})
	return User{Name: u.Username, Admin: u.IsAdmin, Roles: roles}
}

func sortedUsers(users []User) []User {
	slices.SortFunc(users, func(a, b User) int { return strings.Compare(a.Name, b.Name) })
	return users
}

// CreateUser creates a user who is not an admin. Errors, which do not contain the password or its hash: *[TakenError]. API: POST
// users/create.
func (d *Directory) CreateUser(ctx context.Context, name, password string) error {
	_, err := d.User(ctx, name)
	if err == nil {
		return &TakenError{Noun: "user", Name: name}
	}
	if !rest.IsNotFound(err) {
		return err
	}
	defer d.Forget()
	cl := rest.Call{
		Method: http.MethodPost, Path: wire.UsersPath + "create", Group: rest.GroupPermissionWrites, Out: &wire.OneUser{Name: name},
		Body: map[string]any{"username": name, "password": password}, Secrets: []string{password},
	}
	return d.create(ctx, cl, TakenError{Noun: "user", Name: name}, func(ctx context.Context) (bool, error) {
		d.Forget()
		u, err := d.User(ctx, name)
		return !u.Admin, err
	})
}

// SetPassword sets the password of a user other than the caller. Errors: [rest.IsNotFound]. API: PATCH users/update-password.
func (d *Directory) SetPassword(ctx context.Context, name, password string) error {
	return d.do(ctx, rest.Call{
		Method: http.MethodPatch, Path: wire.UsersPath + "update-password", Group: rest.GroupPermissionWrites,
		Body: map[string]any{"username": name, "password": password}, Secrets: []string{password},
	})
}

// SetAdmin sets whether a user is a server admin. The server does not protect its last admin. Errors: [rest.IsNotFound].
// API: PATCH users/update-admin.
func (d *Directory) SetAdmin(ctx context.Context, name string, admin bool) error {
	defer d.Forget()
	return d.do(ctx, rest.Call{
		Method: http.MethodPatch, Path: wire.UsersPath + "update-admin", Group: rest.GroupPermissionWrites,
		Body: map[string]any{"username": name, "is_admin": admin},
	})
}

// DeleteUser deletes a user with all grants and memberships. It succeeds if the user does not exist. API: DELETE users/delete.
func (d *Directory) DeleteUser(ctx context.Context, name string) error {
	defer d.Forget()
	err := d.do(ctx, rest.Call{
		Method: http.MethodDelete, Path: wire.UsersPath + "delete", Group: rest.GroupPermissionWrites, Body: map[string]any{"username": name},
	})
	return ignoreAbsent(ctx, err, func(ctx context.Context) bool {
		d.Forget()
		_, err := d.User(ctx, name)
		return rest.IsNotFound(err)
	})
}
