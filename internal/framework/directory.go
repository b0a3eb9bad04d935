package framework

import (
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// Directory returns the directory of the server that a client calls. It returns nil after an error, such as for Databricks. objects is
// what is managed, in the plural.
func Directory(client *mlflow.Client, objects string, diags *diag.Diagnostics) *mlflowserver.Directory {
	d, err := mlflowserver.DirectoryOf(client)
	if err != nil {
		AddUnsupportedError(diags, objects, err)
		return nil
	}
	return d
}

// AddUnsupportedError reports that the server has no objects of a kind.
func AddUnsupportedError(diags *diag.Diagnostics, objects string, err error) {
	diags.AddError(UpperFirst(objects)+" not supported", UpperFirst(err.Error())+".")
}

// IsUnsupported reports whether an error means that the server cannot do what is asked, whoever asks.
func IsUnsupported(err error) bool {
	_, ok := errors.AsType[*mlflow.UnsupportedError](err)
	return ok
}

// AddDirectoryError adds the error of a failed call. needs says who may do what failed, for a caller who may not.
func AddDirectoryError(diags *diag.Diagnostics, could, object string, err error, needs string) {
	if rest.IsPermissionDenied(err) {
		AddError(diags, could, object, err, needs)
		return
	}
	AddError(diags, could, object, err)
}

// PlanTimeout is how long the plan of a new user waits for the server, which the same configuration may create. What it cannot check then,
// apply checks.
const PlanTimeout = 10 * time.Second
