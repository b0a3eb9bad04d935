package server

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// The values of deletion_policy that all objects of a server have.
const (
	deletionDelete = "delete"
	deletionRetain = "retain"
)

// directory returns the directory of the server that a client calls. It returns nil after an error, such as for Databricks. objects is
// what is managed, in the plural.
func directory(client *mlflow.Client, objects string, diags *diag.Diagnostics) *mlflowserver.Directory {
	d, err := mlflowserver.DirectoryOf(client)
	if err != nil {
		addUnsupportedError(diags, objects, err)
		return nil
	}
	return d
}

// addUnsupportedError reports that the server has no objects of a kind.
func addUnsupportedError(diags *diag.Diagnostics, objects string, err error) {
	diags.AddError(framework.UpperFirst(objects)+" not supported", framework.UpperFirst(err.Error())+".")
}

// isUnsupported reports whether an error means that the server cannot do what is asked, whoever asks.
func isUnsupported(err error) bool {
	_, ok := errors.AsType[*mlflow.UnsupportedError](err)
	return ok
}

// addError adds the error of a failed call. needs says who may do what failed, for a caller who may not.
func addError(diags *diag.Diagnostics, could, object string, err error, needs string) {
	if rest.IsPermissionDenied(err) {
		framework.AddError(diags, could, object, err, needs)
		return
	}
	framework.AddError(diags, could, object, err)
}
