package mlflow

import "context"

// Caller is the identity of the credentials.
type Caller struct {
	Principal   Principal
	ID          string
	DisplayName string
	// Groups are the names of the groups, or roles of an MLflow server, of which the caller is known to be a member.
	Groups []string
	// Admin reports whether the caller is a server admin. On Databricks, workspace admins are a group.
	Admin bool
	// Home is the path of the caller's home folder, "" on servers without folders.
	Home string
}

// Caller returns the identity of the credentials. It is looked up once and cached.
func (c *Client) Caller(ctx context.Context) (Caller, error) {
	return c.caller.Get(ctx, func(ctx context.Context) (Caller, error) { return c.backend.CurrentCaller(ctx, c) })
}

// CallerName returns the name of the caller in permissions. It sends no request if a username is configured.
func (c *Client) CallerName(ctx context.Context) (string, error) {
	if name := c.backend.ConfiguredUser(); name != "" {
		return name, nil
	}
	caller, err := c.Caller(ctx)
	return caller.Principal.Name, err
}
