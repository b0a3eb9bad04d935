package mlflow

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/time/rate"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Backend is what differs between the servers that speak the MLflow API: a Databricks workspace, and an MLflow server.
type Backend interface {
	// Name is what the server is called in messages.
	Name() string
	// Kind is [KindDatabricks] or [KindServer].
	Kind() string
	NameRules
	// CheckName and CheckTag refuse what the server would refuse, or would take and never let go. CheckArtifactLocation too.
	CheckName(name string) error
	CheckTag(t Tag) error
	CheckArtifactLocation(location string) error
	// CheckTraceLocation returns an *[UnsupportedError] if experiments on the server have no trace location.
	CheckTraceLocation() error
	// ExperimentURL is the experiment's page in the server's UI.
	ExperimentURL(e rest.Endpoint, id string) string
	// MLflowWorkspace is the MLflow workspace that calls act in, "" where there are none.
	MLflowWorkspace() string
	// InWorkspace returns the backend of another MLflow workspace of the server, or an *[UnsupportedError] where there are none.
	InWorkspace(name string) (Backend, error)
	// CheckWorkspaces returns an *[UnsupportedError] if the server has no MLflow workspaces. Servers before 3.10 ignore which one is asked for.
	CheckWorkspaces(ctx context.Context, c *Client) error
	// Header is sent with each request; nil for none.
	Header() http.Header
	// FirstRefreshPage is how many experiments a bulk refresh reads at once when the first one is asked for, where a page costs little more than
	// a single read. It is 0 where pages are read only for many experiments.
	FirstRefreshPage() int
	// ReusesIDs reports whether the ID of a purged experiment is given to another one.
	ReusesIDs() bool
	// DeletedKeepName reports whether a deleted experiment goes on holding its name.
	DeletedKeepName() bool
	// BulkRuns reports whether many runs are deleted and restored in one call.
	BulkRuns() bool
	// CreateParents creates the missing folders of a normalized name, where the server has folders.
	CreateParents(ctx context.Context, c *Client, name string) error
	// CurrentCaller looks up who the credentials belong to.
	CurrentCaller(ctx context.Context, c *Client) (Caller, error)
	// ConfiguredUser is the username that requests authenticate with, "" if the credentials alone determine who the caller is.
	ConfiguredUser() string
	// OwnedByCaller reports whether the caller owns an experiment, true where the server has no owners.
	OwnedByCaller(ctx context.Context, c *Client, e Experiment) (bool, error)
	// AccessControl is the access control of the server that the client calls.
	AccessControl(c *Client) AccessControl
	// Folders are the folders of the server that the client calls, or an *[UnsupportedError] where there are none.
	Folders(c *Client) (Folders, error)
	// Principals looks up principals and the members of groups, see [Client.Principals].
	Principals(ctx context.Context, c *Client, wanted []Principal) (Principals, error)
	// KnownLevels lists the levels that can be granted, and CheckPrincipal says why a principal can't be granted anything.
	KnownLevels() []string
	CheckPrincipal(p Principal) error
	// PrincipalAdvice and AccessAdvice say what to do about a principal that the server does not know, and about permissions that the caller
	// may not read or change.
	PrincipalAdvice(p Principal) string
	AccessAdvice() string
	// FolderAdvice says what to do if the caller may not create, delete, restore, or rename an experiment, "" where there are no folders.
	FolderAdvice() string
	// Rate is the documented request rate of a group of calls, in requests per second.
	Rate(g rest.Group) rate.Limit
}

// BackendName is what the server is called in messages: "Databricks" or "the MLflow server".
func (c *Client) BackendName() string { return c.backend.Name() }

// Kind is the kind of the server, [KindDatabricks] or [KindServer].
func (c *Client) Kind() string { return c.backend.Kind() }

// DefaultWorkspace is the MLflow workspace that calls act in unless another one is configured.
const DefaultWorkspace = "default"

// ReusesIDs reports whether the server gives the ID of a purged experiment to another one.
func (c *Client) ReusesIDs() bool { return c.backend.ReusesIDs() }

// NormalizeName implements [NameRules].
func (c *Client) NormalizeName(name string) string { return c.backend.NormalizeName(name) }

// PrincipalKey implements [NameRules].
func (c *Client) PrincipalKey(p Principal) PrincipalKey { return c.backend.PrincipalKey(p) }

// CheckName says why the server would refuse an experiment name, and what to write instead; nil when it would not.
func (c *Client) CheckName(name string) error { return c.backend.CheckName(name) }

// CheckTag says why the server would refuse a tag; nil when it would not.
func (c *Client) CheckTag(t Tag) error { return c.backend.CheckTag(t) }

// CheckArtifactLocation says why an artifact location can't be managed on the server; nil when it can.
func (c *Client) CheckArtifactLocation(location string) error {
	return c.backend.CheckArtifactLocation(location)
}

// CheckTraceLocation returns an *[UnsupportedError] if experiments on the server have no trace location.
func (c *Client) CheckTraceLocation() error { return c.backend.CheckTraceLocation() }

// MLflowWorkspace returns the MLflow workspace that calls act in if the server has workspaces: "default" if none is configured. It is "" on
// Databricks.
func (c *Client) MLflowWorkspace() string { return c.backend.MLflowWorkspace() }

// CheckWorkspaces returns an *[UnsupportedError] if the server has no MLflow workspaces. The server is asked once.
func (c *Client) CheckWorkspaces(ctx context.Context) error { return c.backend.CheckWorkspaces(ctx, c) }

// DeletedKeepName reports whether a deleted experiment goes on holding its name on this server.
func (c *Client) DeletedKeepName() bool { return c.backend.DeletedKeepName() }

// TrackingURI is the address of the server, without a trailing slash.
func (c *Client) TrackingURI(ctx context.Context) (string, error) {
	e, err := c.Endpoint(ctx)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(e.BaseURL.String(), "/"), nil
}

// ExperimentURL is the experiment's page in the server's UI.
func (c *Client) ExperimentURL(ctx context.Context, id string) (string, error) {
	e, err := c.Endpoint(ctx)
	if err != nil {
		return "", err
	}
	return c.backend.ExperimentURL(e, id), nil
}

// CreateParents makes the missing folders of an experiment's name, where the server has folders. It is idempotent.
func (c *Client) CreateParents(ctx context.Context, name string) error {
	return c.backend.CreateParents(ctx, c, c.NormalizeName(name))
}

// AccessControl reads and writes who may do what on an experiment.
func (c *Client) AccessControl() AccessControl { return c.backend.AccessControl(c) }

// KnownLevels lists the levels that are known to be grantable on the server, ascending. A newer server may have more.
func (c *Client) KnownLevels() []string { return c.backend.KnownLevels() }

// CheckPrincipal says why nothing can be granted to a principal on the server, whether it exists or not; nil when it can.
func (c *Client) CheckPrincipal(p Principal) error { return c.backend.CheckPrincipal(p) }

// PrincipalAdvice says what to do about a principal that the server does not know.
func (c *Client) PrincipalAdvice(p Principal) string { return c.backend.PrincipalAdvice(p) }

// AccessAdvice says what to do when the caller may not read or change permissions.
func (c *Client) AccessAdvice() string { return c.backend.AccessAdvice() }

// FolderAdvice returns what to do about an error of creating, deleting, restoring, or renaming an experiment: the folders that it is in decide whether
// the caller may. It is empty for other errors, and on servers without folders.
func (c *Client) FolderAdvice(err error) []string {
	if advice := c.backend.FolderAdvice(); advice != "" && rest.IsPermissionDenied(err) {
		return []string{advice}
	}
	return nil
}
