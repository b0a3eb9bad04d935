package mlflow_test

import (
	"context"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
)

const (
	scimLists = "GET /api/2.0/preview/scim/v2/"
	groupDS   = `{"totalResults":1,"Resources":[{"id":"5","displayName":"ds"}]}`
)

func lookUp(p mlflow.Principal) func(context.Context, *mlflow.Client) error {
	return func(ctx context.Context, c *mlflow.Client) error {
		_, err := c.Principals(ctx, []mlflow.Principal{p})
		return err
	}
}

// principalCalls are the calls of [mlflow.Client.Principals].
var principalCalls = []checkedCall{
	{route: scimLists + "Users", rule: "users with IDs and names, or a total",
		valid:   []string{`{"totalResults":1,"Resources":[{"id":"1","userName":"ana"}]}`},
		invalid: []string{`{"schemas":[]}`, `{"Resources":[{"userName":"ana"}]}`, `{"Resources":[{"id":"1","displayName":"ana"}]}`},
		use:     lookUp(ana)},
	{route: scimLists + "ServicePrincipals", rule: "service principals with both IDs, or a total", valid: []string{`{"totalResults":0}`},
		invalid: []string{`{"Resources":[{"id":"1","displayName":"ana"}]}`}, use: lookUp(mlflowtest.ServicePrincipal)},
	{route: scimLists + "Groups", rule: "groups with IDs and names, or a total", valid: []string{groupDS},
		invalid: []string{`{"Resources":[{"id":"5"}]}`},
		other:   map[string][]string{scimLists + "Groups/5": {`{"id":"5"}`}}, use: lookUp(dsRole)},
	{route: scimLists + "Groups/5", rule: "the group", valid: []string{`{"id":"5"}`}, invalid: []string{`{"id":"6"}`, `{"members":[]}`},
		other: map[string][]string{scimLists + "Groups": {groupDS}}, use: lookUp(dsRole)},
}
