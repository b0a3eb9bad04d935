package wire

import (
	"errors"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Models is the response with a page of registered models. API: GET registered-models/search.
type Models struct {
	Models []struct {
		Name string `json:"name"`
	} `json:"registered_models"`
	NextPageToken string `json:"next_page_token"`
}

// Validate implements [rest.Response].
func (p *Models) Validate(empty bool) error {
	for _, m := range p.Models {
		if m.Name == "" {
			return errors.New("it contains a registered model without a name")
		}
	}
	return rest.CheckPage(p.Models != nil, empty, p.NextPageToken, "registered_models")
}

// ServerInfo is the response with information about the server. API: GET server-info.
type ServerInfo struct {
	WorkspacesEnabled *bool `json:"workspaces_enabled"`
	// Absent reports whether the server does not have the endpoint, before 3.10.
	Absent bool
}

// Validate implements [rest.Response].
func (a *ServerInfo) Validate(bool) error {
	if a.WorkspacesEnabled == nil {
		return errors.New("it does not contain workspaces_enabled")
	}
	return nil
}
