// Package wire has the responses of an MLflow server about users, roles, and workspaces, and their validation.
package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// User is a user.
type User struct {
	ID       rest.Int64 `json:"id"`
	Username string     `json:"username"`
	IsAdmin  bool       `json:"is_admin"`
	// Roles is returned only by users/list.
	Roles []Role `json:"roles"`
}

// HiddenRole returns the name of the role with the direct grants of the user.
func (u User) HiddenRole() string { return fmt.Sprintf("%s%d__", HiddenRolePrefix, u.ID) }

// Role is a role with its grants.
type Role struct {
	ID          rest.Int64   `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Workspace   string       `json:"workspace"`
	Permissions []Permission `json:"permissions"`
}

// Permission is a grant of a role: a level on the objects that match a pattern.
type Permission struct {
	ID         rest.Int64 `json:"id"`
	Type       string     `json:"resource_type"`
	Pattern    string     `json:"resource_pattern"`
	Permission string     `json:"permission"`
}

// Users is the response with all users. API: GET users/list.
type Users struct {
	Users []User `json:"users"`
}

// Validate implements [rest.Response]. The list is never empty, because it contains the caller.
func (a *Users) Validate(bool) error {
	if len(a.Users) == 0 || slices.ContainsFunc(a.Users, func(u User) bool { return u.Username == "" }) {
		return errors.New("it contains no users, or one without a username")
	}
	return nil
}

// Roles is the response with roles, possibly none. API: GET roles/list.
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

// CurrentUser is the response with the user of the credentials. API: GET users/current.
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

// OwnGrants is the response with the grants of the caller in all workspaces. API: GET users/current/permissions.
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
	// HiddenRolePrefix begins the names of the roles with the direct grants of users. The server rejects it in names of other roles.
	HiddenRolePrefix = "__user_"
)

// Hidden reports whether the role has the direct grants of a user.
func (r Role) Hidden() bool { return strings.HasPrefix(r.Name, HiddenRolePrefix) }

// OneUser is the response with the user Name. API: POST users/create.
type OneUser struct {
	User User `json:"user"`

	Name string
}

// Validate implements [rest.Response].
func (a *OneUser) Validate(bool) error { return rest.CheckSame("user", a.Name, a.User.Username) }
