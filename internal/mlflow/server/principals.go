package server

import (
	"context"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// Principals implements [mlflow.Backend], with roles as groups.
func (s *Backend) Principals(ctx context.Context, c *mlflow.Client, wanted []mlflow.Principal) (mlflow.Principals, error) {
	d := &Directory{client: c, backend: s}
	return mlflow.ResolvePrincipals(ctx, c, &wire.Principals{
		Caller: s.Username,
		User: func(ctx context.Context, name string) (bool, error) {
			u, err := d.User(ctx, name)
			return u.Admin, err
		},
		Role: func(ctx context.Context, role string) ([]string, error) {
			r, err := d.Role(ctx, "", role)
			return r.Members, err
		},
	}, wanted)
}
