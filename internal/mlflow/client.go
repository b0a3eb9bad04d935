// Package mlflow is a client of the MLflow tracking API, as served by Databricks workspaces and by open-source MLflow
// servers. It knows experiments, their tags, their permissions and the caller, and nothing of Terraform. Its calls go through
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
	// tagDeletionAbsent remembers that the server has no delete-experiment-tag call.
	tagDeletionAbsent atomic.Bool
	caller            rest.Shared[Caller]
	// created holds the creation time, an Int64, of each experiment that was read, by ID.
	created   sync.Map
	refresher refresher
}

// New returns a client. It makes no call.
func New(o Options) *Client {
	return &Client{
		Client: rest.New(o.Options, o.Backend.Rate), backend: o.Backend,
		refresher: refresher{bulk: o.BulkRefresh, seen: map[string]Experiment{}, writes: map[string]bool{}},
	}
}

// Backend returns what differs between the kinds of servers.
func (c *Client) Backend() Backend { return c.backend }
