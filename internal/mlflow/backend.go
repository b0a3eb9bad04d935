package mlflow

import (
	"context"
	"strings"

	"golang.org/x/time/rate"
)

// Backend is what differs between the servers that speak the MLflow API: [Databricks] and [Server].
type Backend interface {
	// Name is what the server is called in messages.
	Name() string
	// kind is one of the kinds that [RulesOf] knows.
	kind() string
	NameRules
	// checkName and checkTag refuse what the server would refuse, or would take and never let go. checkArtifactLocation too.
	checkName(name string) error
	checkTag(t Tag) error
	checkArtifactLocation(location string) error
	// experimentURL is the experiment's page in the server's UI.
	experimentURL(e Endpoint, id string) string
	// activeWorkspace is the MLflow workspace that calls act in, "" where there are none.
	activeWorkspace() string
	// reusesIDs reports whether the ID of a purged experiment is given to another one.
	reusesIDs() bool
	// deletedKeepName reports whether a deleted experiment goes on holding its name.
	deletedKeepName() bool
	createParents(ctx context.Context, c *Client, name string) error
	currentCaller(ctx context.Context, c *Client) (Caller, error)
	// ownedByCaller reports whether the caller owns an experiment, true where the server has no owners.
	ownedByCaller(ctx context.Context, c *Client, e Experiment) (bool, error)
	accessControl(c *Client) AccessControl
	// grantable lists the levels that can be granted, and checkPrincipal says why a principal can't be granted anything.
	grantable() []string
	checkPrincipal(p Principal) error
	// principalAdvice and accessAdvice say what to do about a principal that the server does not know, and about permissions that the caller may
	// not read or change.
	principalAdvice(p Principal) string
	accessAdvice() string
	// rate is the documented request rate of a group of calls.
	rate(g Group) rate.Limit
}

// BackendName is what the server is called in messages: "Databricks" or "the MLflow server".
func (c *Client) BackendName() string { return c.backend.Name() }

// Kind is the kind of the server, [KindDatabricks] or [KindServer].
func (c *Client) Kind() string { return c.backend.kind() }

// DefaultWorkspace is the MLflow workspace that calls act in unless another one is configured.
const DefaultWorkspace = "default"

// ReusesIDs reports whether the server gives the ID of a purged experiment to another one.
func (c *Client) ReusesIDs() bool { return c.backend.reusesIDs() }

// NormalizeName implements [NameRules].
func (c *Client) NormalizeName(name string) string { return c.backend.NormalizeName(name) }

// PrincipalKey implements [NameRules].
func (c *Client) PrincipalKey(p Principal) PrincipalKey { return c.backend.PrincipalKey(p) }

// CheckName says why the server would refuse an experiment name, and what to write instead; nil when it would not.
func (c *Client) CheckName(name string) error { return c.backend.checkName(name) }

// CheckTag says why the server would refuse a tag; nil when it would not.
func (c *Client) CheckTag(t Tag) error { return c.backend.checkTag(t) }

// CheckArtifactLocation says why an artifact location can't be managed on the server; nil when it can.
func (c *Client) CheckArtifactLocation(location string) error {
	return c.backend.checkArtifactLocation(location)
}

// MLflowWorkspace returns the MLflow workspace that calls act in if the server has workspaces: "default" if none is configured. It is "" on Databricks.
func (c *Client) MLflowWorkspace() string { return c.backend.activeWorkspace() }

// DeletedKeepName reports whether a deleted experiment goes on holding its name on this server.
func (c *Client) DeletedKeepName() bool { return c.backend.deletedKeepName() }

// Endpoint is where the server is reached.
func (c *Client) Endpoint(ctx context.Context) (Endpoint, error) { return c.options.Endpoint(ctx) }

// TrackingURI is the address of the server, without a trailing slash.
func (c *Client) TrackingURI(ctx context.Context) (string, error) {
	e, err := c.options.Endpoint(ctx)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(e.BaseURL.String(), "/"), nil
}

// ExperimentURL is the experiment's page in the server's UI.
func (c *Client) ExperimentURL(ctx context.Context, id string) (string, error) {
	e, err := c.options.Endpoint(ctx)
	if err != nil {
		return "", err
	}
	return c.backend.experimentURL(e, id), nil
}

// CreateParents makes the missing folders of an experiment's name, where the server has folders. It is idempotent.
func (c *Client) CreateParents(ctx context.Context, name string) error {
	return c.backend.createParents(ctx, c, c.NormalizeName(name))
}

// AccessControl reads and writes who may do what on an experiment.
func (c *Client) AccessControl() AccessControl { return c.backend.accessControl(c) }

// Caller tells who the credentials belong to. It is asked once and then remembered.
func (c *Client) Caller(ctx context.Context) (Caller, error) {
	return c.caller.get(ctx, func(ctx context.Context) (Caller, error) { return c.backend.currentCaller(ctx, c) })
}

// KnownLevels lists the levels that are known to be grantable on the server, ascending. A newer server may have more.
func (c *Client) KnownLevels() []string { return c.backend.grantable() }

// CheckPrincipal says why nothing can be granted to a principal on the server, whether it exists or not; nil when it can.
func (c *Client) CheckPrincipal(p Principal) error { return c.backend.checkPrincipal(p) }

// PrincipalAdvice says what to do about a principal that the server does not know.
func (c *Client) PrincipalAdvice(p Principal) string { return c.backend.principalAdvice(p) }

// AccessAdvice says what to do when the caller may not read or change permissions.
func (c *Client) AccessAdvice() string { return c.backend.accessAdvice() }
