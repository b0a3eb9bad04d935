// Package databricks implements [mlflow.Backend] for Databricks workspaces: names, folders, principals, and permissions.
package databricks

import (
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

// Backend is the backend of a Databricks workspace.
type Backend struct{ Names }

// Limits of tags on Databricks, in bytes. API: set-experiment-tag.
const (
	maxTagKey   = 250
	maxTagValue = 64 << 10
)

// Name implements [mlflow.Backend].
func (Backend) Name() string { return "Databricks" }

// Kind implements [mlflow.Backend].
func (Backend) Kind() string { return mlflow.KindDatabricks }

// CheckTag implements [mlflow.Backend].
func (Backend) CheckTag(t mlflow.Tag) error {
	if len(t.Key) > maxTagKey {
		return fmt.Errorf("the key is %d bytes long, but the maximum on Databricks is %d", len(t.Key), maxTagKey)
	}
	if len(t.Value) > maxTagValue {
		return fmt.Errorf("the value is %d bytes long, but the maximum on Databricks is %d", len(t.Value), maxTagValue)
	}
	return nil
}

// CheckArtifactLocation implements [mlflow.Backend].
func (Backend) CheckArtifactLocation(location string) error {
	return mlflow.CheckAbsoluteLocation(location)
}

// CheckTraceLocation implements [mlflow.Backend].
func (Backend) CheckTraceLocation() error { return nil }

// ExperimentURL implements [mlflow.Backend].
func (Backend) ExperimentURL(e rest.Endpoint, id string) string {
	u := strings.TrimSuffix(e.BaseURL.String(), "/") + "/ml/experiments/" + url.PathEscape(id)
	if e.WorkspaceID != "" {
		u += "?w=" + url.QueryEscape(e.WorkspaceID)
	}
	return u
}

// MLflowWorkspace implements [mlflow.Backend].
func (Backend) MLflowWorkspace() string { return "" }

// InWorkspace implements [mlflow.Backend].
func (Backend) InWorkspace(string) (mlflow.Backend, error) {
	return nil, &mlflow.UnsupportedError{Reason: "Databricks has no MLflow workspaces. Remove the workspace argument; to manage objects " +
		"in several Databricks workspaces, use a provider configuration for each"}
}

// CheckWorkspaces implements [mlflow.Backend].
func (b Backend) CheckWorkspaces(context.Context, *mlflow.Client) error {
	_, err := b.InWorkspace("")
	return err
}

// Header implements [mlflow.Backend].
func (Backend) Header() http.Header { return nil }

// FirstRefreshPage implements [mlflow.Backend].
func (Backend) FirstRefreshPage() int { return 0 }

// ReusesIDs implements [mlflow.Backend].
func (Backend) ReusesIDs() bool { return false }

// DeletedKeepName implements [mlflow.Backend]: deleting moves the experiment to its owner's Trash folder.
func (Backend) DeletedKeepName() bool { return false }

// BulkRuns implements [mlflow.Backend].
func (Backend) BulkRuns() bool { return true }

// Rate implements [mlflow.Backend] with the documented limits, in requests per second and workspace.
func (Backend) Rate(g rest.Group) rate.Limit {
	switch g {
	case rest.GroupPermissionReads:
		return 100
	case rest.GroupPermissionWrites:
		return 30
	case rest.GroupSearch, rest.GroupExperimentWrites:
		return 7
	default:
		return 120
	}
}

// AccessControl implements [mlflow.Backend].
func (Backend) AccessControl(c *mlflow.Client) mlflow.AccessControl { return newAccessControl(c) }

// KnownLevels implements [mlflow.Backend].
func (Backend) KnownLevels() []string {
	return []string{mlflow.LevelRead, mlflow.LevelEdit, mlflow.LevelManage}
}

// CheckPrincipal implements [mlflow.Backend].
func (Backend) CheckPrincipal(p mlflow.Principal) error {
	if p == admins {
		return errors.New("workspace admins always have CAN_MANAGE on every experiment. Remove \"admins\" from the configuration")
	}
	return nil
}

// admins is the group of the workspace admins. They always have CAN_MANAGE on everything.
var admins = mlflow.Principal{Kind: mlflow.KindGroup, Name: "admins"}

// IsAdmins reports whether a principal is the group of the workspace admins, who always have CAN_MANAGE on all objects.
func IsAdmins(p mlflow.Principal) bool { return p == admins }

// PrincipalAdvice implements [mlflow.Backend].
func (Backend) PrincipalAdvice(p mlflow.Principal) string {
	switch p.Kind {
	case mlflow.KindGroup:
		return fmt.Sprintf("Check the spelling of group %q, including case. An account group must first be assigned to the workspace.", p.Name)
	case mlflow.KindServicePrincipal:
		return fmt.Sprintf("Check that %q is the application ID of the service principal, not its display name, and that it is assigned to "+
			"the workspace.", p.Name)
	default:
		return fmt.Sprintf("Check the email %q, and that the user is assigned to the workspace. A service principal is not a user: use its "+
			"application ID in the argument for service principals.", p.Name)
	}
}

// AccessAdvice implements [mlflow.Backend].
func (Backend) AccessAdvice() string {
	return "Reading and changing permissions needs CAN_MANAGE on the experiment. Ask a user with CAN_MANAGE, or a workspace admin, to " +
		"grant it, or run Terraform as an identity that has it."
}
