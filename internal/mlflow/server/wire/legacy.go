package wire

import (
	"errors"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// LegacyPermission is the grant of a user on one experiment.
type LegacyPermission struct {
	ExperimentID string `json:"experiment_id"`
	Username     string `json:"username,omitempty"`
	Permission   string `json:"permission,omitempty"`
}

// LegacyUser is a user with the grants on experiments.
type LegacyUser struct {
	Username    string             `json:"username"`
	ID          rest.Int64         `json:"id"`
	IsAdmin     bool               `json:"is_admin"`
	Permissions []LegacyPermission `json:"experiment_permissions"`
}

// OneLegacyUser is the response with the user Name. API: GET users/get.
type OneLegacyUser struct {
	User LegacyUser `json:"user"`

	Name string
}

// Validate implements [rest.Response].
func (a *OneLegacyUser) Validate(bool) error { return rest.CheckSame("user", a.Name, a.User.Username) }

// OneLegacyGrant is the response with a grant on the experiment ExperimentID. API: experiments/permissions/{get,create,update}.
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
