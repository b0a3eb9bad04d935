// Package wire has what an MLflow server answers about users, roles and workspaces, and what each answer must contain.
package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// User is an account.
type User struct {
	ID       rest.Int64 `json:"id"`
	Username string     `json:"username"`
	IsAdmin  bool       `json:"is_admin"`
	// Roles are listed by users/list alone.
	Roles []Role `json:"roles"`
}

// HiddenRole is the role that holds a user's own grants.
func (u User) HiddenRole() string { return fmt.Sprintf("%s%d__", HiddenRolePrefix, u.ID) }

// Role is a role, with its rows.
type Role struct {
	ID          rest.Int64   `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Workspace   string       `json:"workspace"`
	Permissions []Permission `json:"permissions"`
}

// Permission is one row of a role: a level on the objects that a pattern matches.
type Permission struct {
	ID         rest.Int64 `json:"id"`
	Type       string     `json:"resource_type"`
	Pattern    string     `json:"resource_pattern"`
	Permission string     `json:"permission"`
}

// Users lists all users.
type Users struct {
	Users []User `json:"users"`
}

// Validate implements [rest.Response]. Whoever asks is listed.
func (a *Users) Validate(bool) error {
	if len(a.Users) == 0 || slices.ContainsFunc(a.Users, func(u User) bool { return u.Username == "" }) {
		return errors.New("it contains no users, or one without a username")
	}
	return nil
}

// Roles lists roles; there may be none.
type Roles struct {
	Roles []Role `json:"roles"`
}

// Validate implements [rest.Response].
func (a *Roles) Validate(bool) error {
	if a.Roles == nil || slices.ContainsFunc(a.Roles, func(r Role) bool { return r.ID == 0 || r.Name == "" }) {
		return errors.New("it contains no roles, or one without an ID and a name")
	}
	return nil
}

// CurrentUser is the user whose credentials are used.
type CurrentUser struct {
	User User `json:"user"`
}

// Validate implements [rest.Response].
func (a *CurrentUser) Validate(bool) error {
	if a.User.Username == "" {
		return errors.New("it contains no user")
	}
	return nil
}

// OwnGrants lists the grants of the caller in all workspaces.
type OwnGrants struct {
	Permissions []struct {
		Role      string `json:"role_name"`
		Workspace string `json:"workspace"`
	} `json:"permissions"`
}

// Validate implements [rest.Response].
func (a *OwnGrants) Validate(bool) error {
	if a.Permissions == nil {
		return errors.New("it contains no permissions")
	}
	return nil
}

// Paths and names of users.
const (
	UsersPath = "/api/2.0/mlflow/users/"
	// HiddenRolePrefix begins the names of the roles that hold the own grants of users. The server refuses it in others.
	HiddenRolePrefix = "__user_"
)

// Hidden reports whether a role holds the own grants of one user.
func (r Role) Hidden() bool { return strings.HasPrefix(r.Name, HiddenRolePrefix) }

// OneUser is a user that was created.
type OneUser struct {
	User User `json:"user"`

	Name string
}

// Validate implements [rest.Response].
func (a *OneUser) Validate(bool) error { return rest.CheckSame("user", a.Name, a.User.Username) }
