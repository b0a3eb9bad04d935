package wire

import (
	"errors"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// LegacyPermission is what a user holds on one experiment.
type LegacyPermission struct {
	ExperimentID string `json:"experiment_id"`
	Username     string `json:"username,omitempty"`
	Permission   string `json:"permission,omitempty"`
}

// LegacyUser is an account, with what it holds on experiments.
type LegacyUser struct {
	Username    string             `json:"username"`
	ID          rest.Int64         `json:"id"`
	IsAdmin     bool               `json:"is_admin"`
	Permissions []LegacyPermission `json:"experiment_permissions"`
}

// OneLegacyUser is one user with the grants.
type OneLegacyUser struct {
	User LegacyUser `json:"user"`

	Name string
}

// Validate implements [rest.Response].
func (a *OneLegacyUser) Validate(bool) error { return rest.CheckSame("user", a.Name, a.User.Username) }

// OneLegacyGrant is one user's grant on one experiment.
type OneLegacyGrant struct {
	Permission LegacyPermission `json:"experiment_permission"`

	ExperimentID string
}

// Validate implements [rest.Response].
func (a *OneLegacyGrant) Validate(bool) error {
	if a.Permission.Permission == "" {
		return errors.New("it contains no experiment_permission")
	}
	return rest.CheckSame("experiment", a.ExperimentID, a.Permission.ExperimentID)
}
