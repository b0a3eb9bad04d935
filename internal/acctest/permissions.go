package acctest

import (
	"fmt"
)

// PermissionAddress is the resource address of the mlflow_experiment_permission in test configurations.
const PermissionAddress = "mlflow_experiment_permission.test"

// PermissionsBlock returns the configuration of mlflow_experiment_permissions for an experiment, with further arguments.
func PermissionsBlock(experimentID, attributes string) string {
	return fmt.Sprintf("resource \"mlflow_experiment_permissions\" \"p\" {\n  experiment_id = %q\n%s\n}\n", experimentID, attributes)
}
