package acl

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// DatabricksType is the resource type of the Databricks provider that manages the permissions of all kinds of objects.
const DatabricksType = "databricks_permissions"

// DatabricksState is the state of a databricks_permissions.
type DatabricksState struct {
	// ID is, for example, "/experiments/123" or "/directories/123".
	ID string `json:"id"`
	// ObjectType is, for example, "mlflowExperiment" or "directory".
	ObjectType string `json:"object_type"`
	// DirectoryPath is the path of a folder, "" if the configuration contains its ID.
	DirectoryPath string `json:"directory_path"`
	AccessControl []struct {
		UserName             string `json:"user_name"`
		GroupName            string `json:"group_name"`
		ServicePrincipalName string `json:"service_principal_name"`
		PermissionLevel      string `json:"permission_level"`
	} `json:"access_control"`
}

// ParseDatabricksState decodes the JSON of the state of a databricks_permissions. ok is false after an error.
func ParseDatabricksState(state []byte, diags *diag.Diagnostics) (s DatabricksState, ok bool) {
	if err := json.Unmarshal(state, &s); err != nil {
		diags.AddError("Could not move permissions", fmt.Sprintf("The state of the databricks_permissions cannot be read: %s.", err))
		return s, false
	}
	return s, true
}

// AddKindError reports, at the attribute that names the object, that a resource type does not manage the permissions of this kind of
// object.
func (s DatabricksState) AddKindError(diags *diag.Diagnostics, attribute, resourceType, manages string) {
	diags.AddAttributeError(path.Root(attribute), "Could not move permissions", fmt.Sprintf("This databricks_permissions manages the "+
		"permissions of %s (%s), but %s manages only those of %s. Continue to manage it with the Databricks provider.",
		s.ID, s.ObjectType, resourceType, manages))
}

// Declared returns the grants with the principals in their current spelling, so that a configuration with the same spelling plans no
// change.
func (s DatabricksState) Declared() Declared {
	groups, users, servicePrincipals := map[string]string{}, map[string]string{}, map[string]string{}
	for _, a := range s.AccessControl {
		switch {
		case a.GroupName != "":
			groups[a.GroupName] = a.PermissionLevel
		case a.ServicePrincipalName != "":
			servicePrincipals[a.ServicePrincipalName] = a.PermissionLevel
		case a.UserName != "":
			users[a.UserName] = a.PermissionLevel
		}
	}
	d := Declared{
		Groups: framework.MapOrNull(groups), Users: framework.MapOrNull(users), ServicePrincipals: framework.MapOrNull(servicePrincipals),
	}
	d.setRetained(nil)
	return d
}
