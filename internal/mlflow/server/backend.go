// Package server is the open-source MLflow tracking server: its names, callers, and the permission APIs of its versions.
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

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Backend is an open-source MLflow tracking server. It must not be copied.
type Backend struct {
	Names
	mlflow.NoFolders

	// Username is the configured user name, "" without basic authentication.
	Username string
	// Workspace is the configured workspace, "" for the server's default.
	Workspace string

	// server is the backend that the client was created with. It holds what the workspaces of a server share; nil for itself.
	server *Backend
	// permissions creates the permission API that the server has. It is shared.
	permissions rest.Shared[func(accessControl) permissionAPI]
	// directory is what was read of users, roles, and workspaces. It is shared.
	directory directoryCache
	// members lists the users as a member of the workspace is shown them.
	members rest.Shared[userList]
	grants  rest.Shared[*allGrants]
	// leftovers are the grants as they were when they were first needed in a run, not refreshed by changes: see
	// [mlflow.AccessControl.Leftover].
	leftovers rest.Shared[*allGrants]
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

// Header implements [mlflow.Backend]. Nothing is sent unless a workspace is configured: a server without workspaces refuses the header.
func (s *Backend) Header() http.Header {
	if s.Workspace == "" {
		return nil
	}
	header := http.Header{}
	header.Set("X-MLFLOW-WORKSPACE", s.Workspace)
	return header
}

// shared returns the backend that holds what all workspaces of the server share.
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
	return &mlflow.UnsupportedError{Reason: "the MLflow server does not store traces in Unity Catalog; only Databricks does. Remove trace_location " +
		"from the configuration"}
}

// ExperimentURL implements [mlflow.Backend]. The page of a workspace other than the default one names it, as MLflow's own client does.
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

// CurrentCaller asks the server, or where it can't tell goes by the configured user name.
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

// OwnedByCaller implements [mlflow.Backend]: experiments have no owner.
func (*Backend) OwnedByCaller(context.Context, *mlflow.Client, mlflow.Experiment) (bool, error) {
	return true, nil
}

// Rate implements [mlflow.Backend]: the server limits nothing itself; this holds for a proxy that does.
func (*Backend) Rate(rest.Group) rate.Limit { return 50 }

// AccessControl implements [mlflow.Backend].
func (s *Backend) AccessControl(c *mlflow.Client) mlflow.AccessControl { return accessControl{c, s} }

// KnownLevels lists the levels of every version: USE comes with MLflow 3, NO_PERMISSIONS ends with 3.12, and DENY comes with 3.17.
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
		return fmt.Sprintf("Check the spelling of role %q, including case. It must be a role of workspace %q. A server admin or a manager of the "+
			"workspace must first create the role.", p.Name, s.Workspace)
	case p.Kind == mlflow.KindGroup:
		return fmt.Sprintf("Check the spelling of role %q, including case. A server admin must first create the role.", p.Name)
	}
	return fmt.Sprintf("Check the username %q, including case. The user must first sign up, or a server admin must create the account.", p.Name)
}

// AccessAdvice implements [mlflow.Backend].
func (*Backend) AccessAdvice() string {
	return "Changing the permissions of a user needs CAN_MANAGE on the experiment, and changing those of a role needs a server admin or a " +
		"manager of the workspace. Run Terraform as an identity with this access."
}

// grantsChanged makes the next reader of grants read them again.
func (s *Backend) grantsChanged() {
	s.shared().directory.forgetRoles()
	s.grants.Forget()
}
