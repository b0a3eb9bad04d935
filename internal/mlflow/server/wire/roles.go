package wire

import (
	"errors"
	"fmt"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Assignment is the response with a membership in the role AskedRole. API: POST roles/assign.
type Assignment struct {
	Assignment struct {
		ID   rest.Int64 `json:"id"`
		Role rest.Int64 `json:"role_id"`
	} `json:"assignment"`

	AskedRole int64
}

// Validate implements [rest.Response].
func (a *Assignment) Validate(bool) error {
	switch got := int64(a.Assignment.Role); {
	case a.Assignment.ID == 0:
		return errors.New("it contains no assignment with an ID")
	case got != a.AskedRole:
		return fmt.Errorf("it contains role %d instead of %d", got, a.AskedRole)
	}
	return nil
}

// Effective is the response with the effective level of a user. API: GET users/permissions/get (3.0).
type Effective struct {
	Permission string `json:"permission"`
}

// Validate implements [rest.Response].
func (a *Effective) Validate(bool) error {
	if a.Permission == "" {
		return errors.New("it contains no permission")
	}
	return nil
}

// RolePermission is the response with a grant of a role on the experiment Pattern. API: roles/permissions/{add,update}.
type RolePermission struct {
	Permission Permission `json:"role_permission"`

	Pattern string
}

// Validate implements [rest.Response].
func (a *RolePermission) Validate(bool) error {
	return rest.CheckSame("experiment", a.Pattern, a.Permission.Pattern)
}

// OneRole is the response with the role Name in Workspace. API: POST roles/create, PATCH roles/update.
type OneRole struct {
	Role Role `json:"role"`

	Workspace, Name string
}

// Validate implements [rest.Response].
func (a *OneRole) Validate(bool) error {
	if a.Role.ID == 0 {
		return errors.New("it contains no role with an ID")
	}
	return errors.Join(rest.CheckSame("role", a.Name, a.Role.Name), rest.CheckSame("workspace", a.Workspace, a.Role.Workspace))
}
