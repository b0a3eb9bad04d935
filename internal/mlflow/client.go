// Package mlflow is a client of the MLflow tracking API of Databricks workspaces and open-source MLflow servers: experiments, tags,
// permissions, runs, principals, and the caller. It does not depend on Terraform. It sends its calls through package rest. Packages
// databricks and server implement the [Backend] interface, which contains the differences between the kinds of servers.
package mlflow

import (
	"sync"
	"sync/atomic"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/loadonce"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Options configure a [Client].
type Options struct {
	rest.Options
	Backend Backend
	// BulkRefresh enables reading many experiments with one search, see [Client.RefreshExperiment].
	BulkRefresh bool
}

// Client is a client of one server. It is safe for concurrent use. Its methods return the errors of [rest.Client.Do]; those that callers
// distinguish are listed with each method.
type Client struct {
	*rest.Client
	backend Backend
	// bulk enables reading many experiments with one search.
	bulk bool
	// workspaces has the clients of the MLflow workspaces of the server by name. They share it.
	workspaces *workspaceClients
	// tagDeletionAbsent is set if the server has no endpoint delete-experiment-tag.
	tagDeletionAbsent atomic.Bool
	caller            loadonce.Value[Caller]
	// created has the creation time, an Int64, of each experiment that was read, by ID.
	created   sync.Map
	refresher refresher
}

// New returns a client. It sends no request.
func New(o Options) *Client {
	workspaces := &workspaceClients{byName: map[string]*Client{}}
	return newClient(rest.New(o.Options, o.Backend.Rate), o.Backend, o.BulkRefresh, workspaces)
}

func newClient(calls *rest.Client, backend Backend, bulk bool, workspaces *workspaceClients) *Client {
	c := &Client{
		Client: calls.WithHeader(backend.Header()), backend: backend, bulk: bulk, workspaces: workspaces,
		refresher: refresher{bulk: bulk, firstPage: backend.FirstRefreshPage(), seen: map[string]Experiment{}, invalidated: map[string]bool{}},
	}
	workspaces.byName[backend.MLflowWorkspace()] = c
	return c
}

// workspaceClients are the clients of one server's MLflow workspaces.
type workspaceClients struct {
	mu     sync.Mutex
	byName map[string]*Client
}

// InWorkspace returns the client of an MLflow workspace of the server, always the same one for a name. The empty name is that of the
// client's own workspace. It sends no request. Errors: *[UnsupportedError] on Databricks.
func (c *Client) InWorkspace(name string) (*Client, error) {
	if name == "" || name == c.MLflowWorkspace() {
		return c, nil
	}
	c.workspaces.mu.Lock()
	defer c.workspaces.mu.Unlock()
	if known := c.workspaces.byName[name]; known != nil {
		return known, nil
	}
	backend, err := c.backend.InWorkspace(name)
	if err != nil {
		return nil, err
	}
	return newClient(c.Client, backend, c.bulk, c.workspaces), nil
}

// Backend returns the backend of the server.
func (c *Client) Backend() Backend { return c.backend }
