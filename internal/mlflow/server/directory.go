package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/loadonce"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// Directory reads and changes the users, roles, and MLflow workspaces of an MLflow server. All directories of the server share a cache,
// which each change invalidates. It is safe for concurrent use.
type Directory struct {
	client  *mlflow.Client
	backend *Backend
}

// DirectoryOf returns the directory of the server of a client. It sends no request. Errors: *[mlflow.UnsupportedError] on Databricks.
func DirectoryOf(c *mlflow.Client) (*Directory, error) {
	backend, ok := c.Backend().(*Backend)
	if !ok {
		return nil, &mlflow.UnsupportedError{Reason: "Databricks does not have the users, roles, and workspaces of an MLflow server. Manage " +
			"its users, groups, and workspaces with the databricks/databricks provider, for example with databricks_user and databricks_group"}
	}
	return &Directory{client: c, backend: backend}, nil
}

// directoryCache caches the users, roles, and workspaces of a server.
type directoryCache struct {
	users      loadonce.Value[userList]
	fullUsers  loadonce.Value[[]User]
	workspaces loadonce.Value[[]Workspace]
	info       loadonce.Value[wire.ServerInfo]

	mu sync.Mutex
	// roles caches the roles of each workspace.
	roles map[string]*loadonce.Value[[]wire.Role]
	// others has the backends of other workspaces than the configured one.
	others []*Backend
}

// rolesOf returns the cache of the roles of a workspace.
func (r *directoryCache) rolesOf(workspace string) *loadonce.Value[[]wire.Role] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.roles == nil {
		r.roles = map[string]*loadonce.Value[[]wire.Role]{}
	}
	if r.roles[workspace] == nil {
		r.roles[workspace] = &loadonce.Value[[]wire.Role]{}
	}
	return r.roles[workspace]
}

// forgetUsers invalidates the cached users.
func (r *directoryCache) forgetUsers() {
	r.users.Forget()
	r.fullUsers.Forget()
	for _, other := range r.otherBackends() {
		other.members.Forget()
	}
}

// forgetRoles invalidates the cached roles, and the users in them.
func (r *directoryCache) forgetRoles() {
	r.forgetUsers()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, shared := range r.roles {
		shared.Forget()
	}
}

// add adds the backend of another workspace.
func (r *directoryCache) add(other *Backend) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.others = append(r.others, other)
}

// otherBackends returns the backends of other workspaces than the configured one.
func (r *directoryCache) otherBackends() []*Backend {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.others)
}

// cache returns the cache that the directories of the server share.
func (d *Directory) cache() *directoryCache { return &d.backend.shared().directory }

// Forget invalidates the cached users, roles, and grants of all workspaces.
func (d *Directory) Forget() {
	d.cache().forgetRoles()
	d.backend.shared().grants.Forget()
	for _, other := range d.cache().otherBackends() {
		other.grants.Forget()
	}
}

// do sends a call without a workspace: its path or body identifies the objects, and the workspace of the client may not exist yet.
func (d *Directory) do(ctx context.Context, cl rest.Call) error {
	return withoutWorkspace(d.client).Do(ctx, cl)
}

// withoutWorkspace returns a client of the server that sends no workspace.
func withoutWorkspace(c *mlflow.Client) *rest.Client { return c.WithHeader(nil) }

// Caller returns the identity of the credentials, and whether it is a server admin.
func (d *Directory) Caller(ctx context.Context) (mlflow.Caller, error) { return d.client.Caller(ctx) }

// workspaceOr returns the name, or that of the configured workspace if it is empty.
func (d *Directory) workspaceOr(name string) string {
	return cmp.Or(name, d.backend.MLflowWorkspace())
}

// explainAbsent returns the reason why the server does not have an endpoint, or err if it is another error. what is the purpose of the
// endpoint, and since the first MLflow version that has it.
func (d *Directory) explainAbsent(ctx context.Context, err error, what, since string) error {
	if !rest.IsEndpointAbsent(err) || rest.IsFromProxy(err) {
		return err
	}
	return d.unsupportedError(ctx, what, since)
}

// unsupportedError returns an *[mlflow.UnsupportedError] with the reason, which depends on the permission API of the server.
func (d *Directory) unsupportedError(ctx context.Context, what, since string) error {
	_, err := accessControl{d.client, d.backend}.api(ctx)
	none := isUnsupported(err)
	switch {
	case none && d.hasAuthentication(ctx):
		return unreachableAPIError(what)
	case none:
		return &mlflow.UnsupportedError{Reason: "the MLflow server has no " + what + ", because it runs without authentication. Start it with " +
			"`mlflow server --app-name basic-auth` and configure the username and password of a server admin"}
	case err != nil:
		return err
	default:
		return &mlflow.UnsupportedError{Reason: fmt.Sprintf("this needs MLflow %s or newer: older servers, like this one, do not have %s. "+
			"Upgrade the server", since, what)}
	}
}

// requireRoles returns an *[mlflow.UnsupportedError] if the server has no roles. MLflow 3.12 has some of their endpoints, but does not
// return the members of a role.
func (d *Directory) requireRoles(ctx context.Context) error {
	api, err := accessControl{d.client, d.backend}.api(ctx)
	if _, has := api.(*rbacAPI); has || err != nil && !isUnsupported(err) {
		return err
	}
	return d.unsupportedError(ctx, "roles", "3.13")
}

func isUnsupported(err error) bool {
	_, unsupported := errors.AsType[*mlflow.UnsupportedError](err)
	return unsupported
}

// hasAuthentication reports whether the server has the endpoints of its authentication below /api/2.0.
func (d *Directory) hasAuthentication(ctx context.Context) bool {
	_, err := currentUser(ctx, d.client)
	return err == nil || isAPIRefusal(err)
}

// notListedError returns the error for an object that is not in a list.
func notListedError(path, noun, name string) error {
	return &rest.APIError{
		Method: http.MethodGet, Path: path, Status: http.StatusNotFound, Code: "RESOURCE_DOES_NOT_EXIST",
		Message: fmt.Sprintf("the server lists no %s %q", noun, name), Attempts: 1,
	}
}
