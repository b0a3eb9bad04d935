package acctest

import (
	"fmt"
)

// PermissionAddress is the address of the grant in the configurations of tests.
const PermissionAddress = "mlflow_experiment_permission.test"

// PermissionsBlock is the resource for one experiment; attributes is what follows experiment_id.
func PermissionsBlock(experimentID, attributes string) string {
	return fmt.Sprintf("resource \"mlflow_experiment_permissions\" \"p\" {\n  experiment_id = %q\n%s\n}\n", experimentID, attributes)
}
