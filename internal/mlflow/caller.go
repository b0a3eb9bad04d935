package mlflow

import "context"

// Caller is who the credentials belong to.
type Caller struct {
	Principal   Principal
	ID          string
	DisplayName string
	// Groups are the groups of which the caller is known to be a member.
	Groups []string
	// Admin tells that the caller may do everything on an MLflow server; on Databricks admins are a group.
	Admin bool
	// Home is the caller's folder, "" where the server has no folders.
	Home string
}

// Caller tells who the credentials belong to. It is asked once and then remembered.
func (c *Client) Caller(ctx context.Context) (Caller, error) {
	return c.caller.Get(ctx, func(ctx context.Context) (Caller, error) { return c.backend.CurrentCaller(ctx, c) })
}

// CallerName returns the name of the caller, as permissions have it. It sends no request if a username is configured.
func (c *Client) CallerName(ctx context.Context) (string, error) {
	if name := c.backend.ConfiguredUser(); name != "" {
		return name, nil
	}
	caller, err := c.Caller(ctx)
	return caller.Principal.Name, err
}
