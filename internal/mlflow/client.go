// Package mlflow is a client of the MLflow tracking API, as served by Databricks workspaces and by open-source MLflow
// servers. It knows experiments, their tags, their permissions, runs, and the caller, and nothing of Terraform. Its calls go through
// package rest. What differs between the two servers sits behind the [Backend] interface, which packages databricks and server
// implement.
package mlflow

import (
	"sync"
	"sync/atomic"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Options configure a [Client].
type Options struct {
	rest.Options
	Backend Backend
	// BulkRefresh lets one search feed many reads, see [Client.RefreshExperiment].
	BulkRefresh bool
}

// Client calls one MLflow tracking server. It is safe for concurrent use. Methods return *[rest.APIError] when the server
// refused something or gave no answer of the API, *[rest.UnreachableError] when no whole response came, *[rest.NotSentError] when the
// credentials were refused before, and what [rest.Options].Endpoint returns.
type Client struct {
	*rest.Client
	backend Backend
	// bulk reports whether one search may feed many reads.
	bulk bool
	// workspaces holds the clients of the server's MLflow workspaces by name. All of them share it.
	workspaces *workspaceClients
	// tagDeletionAbsent remembers that the server has no delete-experiment-tag call.
	tagDeletionAbsent atomic.Bool
	caller            rest.Shared[Caller]
	// created holds the creation time, an Int64, of each experiment that was read, by ID.
	created   sync.Map
	refresher refresher
}

// New returns a client. It makes no call.
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

// InWorkspace returns the client of another MLflow workspace of the server, always the same one. The empty name is the client's own workspace. It
// returns an *[UnsupportedError] if the server is of a kind that has no MLflow workspaces. It makes no call.
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

// Backend returns what differs between the kinds of servers.
func (c *Client) Backend() Backend { return c.backend }
