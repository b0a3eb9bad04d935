package framework

import (
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Directory returns the directory of users, roles, and workspaces of a client's server. If the server has none, it adds an error and
// returns nil. objects is the plural of the managed object.
func Directory(client *mlflow.Client, objects string, diags *diag.Diagnostics) *mlflowserver.Directory {
	d, err := mlflowserver.DirectoryOf(client)
	if err != nil {
		AddUnsupportedError(diags, objects, err)
		return nil
	}
	return d
}

// AddUnsupportedError reports that the server does not support a kind of object.
func AddUnsupportedError(diags *diag.Diagnostics, objects string, err error) {
	diags.AddError(UpperFirst(objects)+" are not supported", UpperFirst(err.Error())+".")
}

// IsUnsupported reports whether an error means that the server does not support the operation.
func IsUnsupported(err error) bool {
	_, ok := errors.AsType[*mlflow.UnsupportedError](err)
	return ok
}

// AddDirectoryError adds the error of a failed operation. If permission is denied, it adds requirement, a sentence about who has
// permission.
func AddDirectoryError(diags *diag.Diagnostics, action, object string, err error, requirement string) {
	if rest.IsPermissionDenied(err) {
		AddError(diags, action, object, err, requirement)
		return
	}
	AddError(diags, action, object, err)
}

// PlanTimeout is how long a plan waits for lookups on a server that the same configuration may create. After the timeout, the checks are
// left to apply. A check that reports a failed lookup as an error must not use it: a slow server would fail the plan.
const PlanTimeout = 10 * time.Second
