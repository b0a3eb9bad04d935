package mlflow

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/time/rate"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Backend is the part of the client that differs between the kinds of servers: a Databricks workspace, and an MLflow server.
type Backend interface {
	// Name returns the name of the server in messages.
	Name() string
	// Kind returns [KindDatabricks] or [KindServer].
	Kind() string
	NameRules
	// CheckName, CheckTag, and CheckArtifactLocation return an error for a value that the server rejects, or accepts but cannot change.
	CheckName(name string) error
	CheckTag(t Tag) error
	CheckArtifactLocation(location string) error
	// CheckTraceLocation returns an *[UnsupportedError] if experiments on the server have no trace location.
	CheckTraceLocation() error
	// ExperimentURL returns the URL of an experiment in the UI.
	ExperimentURL(e rest.Endpoint, id string) string
	// MLflowWorkspace returns the MLflow workspace of the calls, "" on Databricks.
	MLflowWorkspace() string
	// InWorkspace returns the backend of another MLflow workspace of the server, or an *[UnsupportedError] on Databricks.
	InWorkspace(name string) (Backend, error)
	// CheckWorkspaces returns an *[UnsupportedError] if the server has no MLflow workspaces. Servers before 3.10 ignore the requested one.
	CheckWorkspaces(ctx context.Context, c *Client) error
	// Header returns the header that is sent with each request, nil if there is none.
	Header() http.Header
	// FirstRefreshPage returns the number of experiments that a bulk refresh reads with the first one, if a page costs little more than a
	// single read. It is 0 if a bulk refresh starts after several single reads.
	FirstRefreshPage() int
	// ReusesIDs reports whether the server reuses the ID of a purged experiment.
	ReusesIDs() bool
	// DeletedKeepName reports whether a deleted experiment reserves its name.
	DeletedKeepName() bool
	// BulkRuns reports whether one call can delete or restore many runs.
	BulkRuns() bool
	// CreateParents creates the missing parent folders of a normalized name. It does nothing on servers without folders.
	CreateParents(ctx context.Context, c *Client, name string) error
	// CurrentCaller looks up the identity of the credentials.
	CurrentCaller(ctx context.Context, c *Client) (Caller, error)
	// ConfiguredUser returns the configured username, "" if only the server can report the identity of the credentials.
	ConfiguredUser() string
	// OwnedByCaller reports whether the caller owns an experiment. It is true on servers without owners.
	OwnedByCaller(ctx context.Context, c *Client, e Experiment) (bool, error)
	// AccessControl returns the access control of the server.
	AccessControl(c *Client) AccessControl
	// Folders returns the folders of the server, or an *[UnsupportedError] if it has none.
	Folders(c *Client) (Folders, error)
	// Principals looks up principals and the members of groups, see [Client.Principals].
	Principals(ctx context.Context, c *Client, wanted []Principal) (Principals, error)
	// KnownLevels lists the levels for experiments. CheckPrincipal returns an error for a principal to which nothing can be granted.
	KnownLevels() []string
	CheckPrincipal(p Principal) error
	// PrincipalAdvice and AccessAdvice return the next step if a principal does not exist, and if the caller cannot change permissions.
	PrincipalAdvice(p Principal) string
	AccessAdvice() string
	// FolderAdvice returns the next step if the caller lacks permissions on a folder, "" on servers without folders.
	FolderAdvice() string
	// Rate returns the documented rate limit of a group of calls, in requests per second.
	Rate(g rest.Group) rate.Limit
}

// BackendName returns the name of the server in messages: "Databricks" or "the MLflow server".
func (c *Client) BackendName() string { return c.backend.Name() }

// Kind returns the kind of the server, [KindDatabricks] or [KindServer].
func (c *Client) Kind() string { return c.backend.Kind() }

// DefaultWorkspace is the MLflow workspace of calls if none is configured.
const DefaultWorkspace = "default"

// ReusesIDs reports whether the server reuses the ID of a purged experiment.
func (c *Client) ReusesIDs() bool { return c.backend.ReusesIDs() }

// NormalizeName implements [NameRules].
func (c *Client) NormalizeName(name string) string { return c.backend.NormalizeName(name) }

// PrincipalKey implements [NameRules].
func (c *Client) PrincipalKey(p Principal) PrincipalKey { return c.backend.PrincipalKey(p) }

// CheckName returns an error, with the correction, for an experiment name that the server rejects.
func (c *Client) CheckName(name string) error { return c.backend.CheckName(name) }

// CheckTag returns an error for a tag that the server rejects.
func (c *Client) CheckTag(t Tag) error { return c.backend.CheckTag(t) }

// CheckArtifactLocation returns an error for an artifact location that cannot be managed on the server.
func (c *Client) CheckArtifactLocation(location string) error {
	return c.backend.CheckArtifactLocation(location)
}

// CheckTraceLocation returns an *[UnsupportedError] if experiments on the server have no trace location.
func (c *Client) CheckTraceLocation() error { return c.backend.CheckTraceLocation() }

// MLflowWorkspace returns the MLflow workspace of the calls: "default" if none is configured, "" on Databricks.
func (c *Client) MLflowWorkspace() string { return c.backend.MLflowWorkspace() }

// CheckWorkspaces returns an *[UnsupportedError] if the server has no MLflow workspaces. The response of the server is cached.
func (c *Client) CheckWorkspaces(ctx context.Context) error { return c.backend.CheckWorkspaces(ctx, c) }

// DeletedKeepName reports whether a deleted experiment reserves its name.
func (c *Client) DeletedKeepName() bool { return c.backend.DeletedKeepName() }

// TrackingURI returns the URL of the server, without a trailing slash.
func (c *Client) TrackingURI(ctx context.Context) (string, error) {
	e, err := c.Endpoint(ctx)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(e.BaseURL.String(), "/"), nil
}

// ExperimentURL returns the URL of an experiment in the UI.
func (c *Client) ExperimentURL(ctx context.Context, id string) (string, error) {
	e, err := c.Endpoint(ctx)
	if err != nil {
		return "", err
	}
	return c.backend.ExperimentURL(e, id), nil
}

// CreateParents creates the missing parent folders of an experiment. It does nothing on servers without folders, and is idempotent.
func (c *Client) CreateParents(ctx context.Context, name string) error {
	return c.backend.CreateParents(ctx, c, c.NormalizeName(name))
}

// AccessControl returns the access control of the server, which reads and changes the permissions on experiments.
func (c *Client) AccessControl() AccessControl { return c.backend.AccessControl(c) }

// KnownLevels lists the known levels that can be granted on experiments, ascending. A newer server can have more.
func (c *Client) KnownLevels() []string { return c.backend.KnownLevels() }

// CheckPrincipal returns an error for a principal to which nothing can be granted on the server, whether it exists or not.
func (c *Client) CheckPrincipal(p Principal) error { return c.backend.CheckPrincipal(p) }

// PrincipalAdvice returns the next step for a principal that does not exist.
func (c *Client) PrincipalAdvice(p Principal) string { return c.backend.PrincipalAdvice(p) }

// AccessAdvice returns the next step if the caller lacks permissions to read or change permissions.
func (c *Client) AccessAdvice() string { return c.backend.AccessAdvice() }

// FolderAdvice returns the next step if the caller lacks permissions on a folder to create, delete, restore, or rename an experiment. It
// is empty for other errors, and on servers without folders.
func (c *Client) FolderAdvice(err error) []string {
	if advice := c.backend.FolderAdvice(); advice != "" && rest.IsPermissionDenied(err) {
		return []string{advice}
	}
	return nil
}
