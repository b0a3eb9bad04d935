package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// addError words every failed call the same way: what could not be done, to which object, what the server said, what to do.
func addError(diags *diag.Diagnostics, could string, object string, err error, advice ...string) {
	diags.AddError("Could not "+could, failure(object, err, advice...))
}

// addWarning is addError for what does not stop the run.
func addWarning(diags *diag.Diagnostics, could string, object string, err error, advice ...string) {
	diags.AddWarning("Could not "+could, failure(object, err, advice...))
}

func failure(object string, err error, advice ...string) string {
	parts := []string{fmt.Sprintf("%s: %s", upperFirst(object), strings.TrimSuffix(err.Error(), "."))}
	if len(advice) == 0 && mlflow.IsPermissionDenied(err) {
		advice = []string{"Ask somebody with CAN_MANAGE on it, or a workspace admin, for access."}
	}
	return strings.Join(append(parts, advice...), "\n\n")
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// named describes an experiment in messages.
func named(id, name string) string {
	switch {
	case name == "":
		return "experiment " + id
	case id == "":
		return fmt.Sprintf("experiment %q", name)
	default:
		return fmt.Sprintf("experiment %q (%s)", name, id)
	}
}
