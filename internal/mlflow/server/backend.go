// Package server implements [mlflow.Backend] for open-source MLflow servers: names, the permission APIs of their versions, and their
// users, roles, and workspaces.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/time/rate"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/loadonce"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Backend is an open-source MLflow tracking server. It must not be copied.
type Backend struct {
	Names
	mlflow.NoFolders

	// Username is the configured username, "" without basic authentication.
	Username string
	// Workspace is the configured workspace, "" for the server's default.
	Workspace string

	// server is the backend of the configured workspace, which has what all workspaces of the server share; nil in that backend.
	server *Backend
	// permissions caches the constructor of the permission API of the server. It is shared.
	permissions loadonce.Value[func(accessControl) permissionAPI]
	// directory caches users, roles, and workspaces. It is shared.
	directory directoryCache
	// members caches the list of users that a member of the workspace can read.
	members loadonce.Value[userList]
	grants  loadonce.Value[*allGrants]
	// leftovers caches the grants at the first call of [mlflow.AccessControl.Leftover] in a run. Changes do not invalidate it.
	leftovers loadonce.Value[*allGrants]
}

// MLflowWorkspace implements [mlflow.Backend].
func (s *Backend) MLflowWorkspace() string { return cmp.Or(s.Workspace, mlflow.DefaultWorkspace) }

// InWorkspace implements [mlflow.Backend].
func (s *Backend) InWorkspace(name string) (mlflow.Backend, error) {
	other := &Backend{Username: s.Username, Workspace: name, server: s.shared()}
	s.shared().directory.add(other)
	return other, nil
}

// CheckWorkspaces implements [mlflow.Backend].
func (s *Backend) CheckWorkspaces(ctx context.Context, c *mlflow.Client) error {
	return (&Directory{c, s}).requireWorkspaces(ctx)
}

// Header implements [mlflow.Backend]. It is nil unless a workspace is configured, because a server without workspaces rejects the header.
func (s *Backend) Header() http.Header {
	if s.Workspace == "" {
		return nil
	}
	header := http.Header{}
	header.Set("X-MLFLOW-WORKSPACE", s.Workspace)
	return header
}

// shared returns the backend that has what all workspaces of the server share.
func (s *Backend) shared() *Backend {
	if s.server != nil {
		return s.server
	}
	return s
}

// FirstRefreshPage implements [mlflow.Backend].
func (*Backend) FirstRefreshPage() int { return 100 }

// ReusesIDs implements [mlflow.Backend].
func (*Backend) ReusesIDs() bool { return true }

// Name implements [mlflow.Backend].
func (*Backend) Name() string { return "the MLflow server" }

// Kind implements [mlflow.Backend].
func (*Backend) Kind() string { return mlflow.KindServer }

// CheckArtifactLocation implements [mlflow.Backend].
func (*Backend) CheckArtifactLocation(location string) error {
	return mlflow.CheckAbsoluteLocation(location)
}

// CheckTraceLocation implements [mlflow.Backend].
func (*Backend) CheckTraceLocation() error {
	return &mlflow.UnsupportedError{Reason: "the MLflow server does not store traces in Unity Catalog; only Databricks does. Remove " +
		"trace_location from the configuration"}
}

// ExperimentURL implements [mlflow.Backend]. Like that of MLflow's own client, the URL contains the workspace if it is not the default one.
func (s *Backend) ExperimentURL(e rest.Endpoint, id string) string {
	page := strings.TrimSuffix(e.BaseURL.String(), "/") + "/#/experiments/" + url.PathEscape(id)
	if s.MLflowWorkspace() == mlflow.DefaultWorkspace {
		return page
	}
	return page + "?" + url.Values{"workspace": {s.Workspace}}.Encode()
}

// DeletedKeepName implements [mlflow.Backend].
func (*Backend) DeletedKeepName() bool { return true }

// BulkRuns implements [mlflow.Backend].
func (*Backend) BulkRuns() bool { return false }

// CurrentCaller implements [mlflow.Backend]. It uses the configured username if the server cannot report the current user.
func (s *Backend) CurrentCaller(ctx context.Context, c *mlflow.Client) (mlflow.Caller, error) {
	api, err := accessControl{c, s}.api(ctx)
	if err != nil {
		return mlflow.Caller{}, err
	}
	if legacy, ok := api.(*legacyAPI); ok {
		return legacy.caller(ctx, s.Username)
	}
	return rbacCaller(ctx, c, s.MLflowWorkspace())
}

// ConfiguredUser implements [mlflow.Backend].
func (s *Backend) ConfiguredUser() string { return s.Username }

// OwnedByCaller implements [mlflow.Backend]. Experiments have no owner.
func (*Backend) OwnedByCaller(context.Context, *mlflow.Client, mlflow.Experiment) (bool, error) {
	return true, nil
}

// Rate implements [mlflow.Backend]. The server itself has no rate limits; this one is for a proxy in front of it.
func (*Backend) Rate(rest.Group) rate.Limit { return 50 }

// AccessControl implements [mlflow.Backend].
func (s *Backend) AccessControl(c *mlflow.Client) mlflow.AccessControl { return accessControl{c, s} }

// KnownLevels implements [mlflow.Backend] with the levels of all versions: USE since 3.0, NO_PERMISSIONS until 3.12, DENY since 3.17.
func (*Backend) KnownLevels() []string {
	return []string{mlflow.LevelDeny, mlflow.LevelNone, mlflow.LevelRead, mlflow.LevelUse, mlflow.LevelEdit, mlflow.LevelManage}
}

// CheckPrincipal implements [mlflow.Backend].
func (*Backend) CheckPrincipal(p mlflow.Principal) error {
	if p.Kind == mlflow.KindServicePrincipal {
		return errors.New("an MLflow server has no service principals. Create a user for the machine, and grant the level to that user")
	}
	return nil
}

// PrincipalAdvice implements [mlflow.Backend].
func (s *Backend) PrincipalAdvice(p mlflow.Principal) string {
	switch {
	case p.Kind == mlflow.KindGroup && s.Workspace != "":
		return fmt.Sprintf("Check the spelling of role %q, including case. It must be a role of workspace %q. A server admin or a manager of "+
			"the workspace must first create the role.", p.Name, s.Workspace)
	case p.Kind == mlflow.KindGroup:
		return fmt.Sprintf("Check the spelling of role %q, including case. A server admin must first create the role.", p.Name)
	}
	return fmt.Sprintf("Check the username %q, including case. The user must sign up, or a server admin must create the account.", p.Name)
}

// AccessAdvice implements [mlflow.Backend].
func (*Backend) AccessAdvice() string {
	return "Changing the permissions of a user needs CAN_MANAGE on the experiment, and changing those of a role needs a server admin or a " +
		"manager of the workspace. Run Terraform as an identity with this access."
}

// grantsChanged invalidates the cached grants.
func (s *Backend) grantsChanged() {
	s.shared().directory.forgetRoles()
	s.grants.Forget()
}
