package access

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
)

// movedPermissions is the state of a databricks_permissions.
type movedPermissions struct {
	ID            string `json:"id"`
	ObjectType    string `json:"object_type"`
	AccessControl []struct {
		UserName             string `json:"user_name"`
		GroupName            string `json:"group_name"`
		ServicePrincipalName string `json:"service_principal_name"`
		PermissionLevel      string `json:"permission_level"`
	} `json:"access_control"`
}

// MoveState takes over the permissions of experiments from the Databricks provider.
func (r *experimentPermissionsResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveDatabricksPermissions}}
}

func moveDatabricksPermissions(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != "databricks_permissions" {
		return
	}
	var source movedPermissions
	if err := json.Unmarshal(req.SourceRawState.JSON, &source); err != nil {
		resp.Diagnostics.AddError("Could not move permissions", fmt.Sprintf("The state of the databricks_permissions can't be read: %s.", err))
		return
	}
	if !vendorID.MatchString(source.ID) {
		resp.Diagnostics.AddAttributeError(path.Root("experiment_id"), "Could not move permissions", fmt.Sprintf("This databricks_permissions holds the permissions of "+
			"%s (%s), and mlflow_experiment_permissions manages those of experiments only. Leave it with the Databricks provider.", source.ID, source.ObjectType))
		return
	}
	target := source.model()
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &target)...)
}

// model keeps the principals in their present spelling, so that the plan that follows is empty where the configuration has it too.
func (m movedPermissions) model() experimentPermissionsModel {
	groups, users, servicePrincipals := map[string]string{}, map[string]string{}, map[string]string{}
	for _, a := range m.AccessControl {
		switch {
		case a.GroupName != "":
			groups[a.GroupName] = a.PermissionLevel
		case a.ServicePrincipalName != "":
			servicePrincipals[a.ServicePrincipalName] = a.PermissionLevel
		case a.UserName != "":
			users[a.UserName] = a.PermissionLevel
		}
	}
	id := types.StringValue(strings.TrimPrefix(m.ID, vendorIDPrefix))
	target := experimentPermissionsModel{
		ID: id, ExperimentID: id, Groups: framework.MapOrNull(groups), Users: framework.MapOrNull(users), ServicePrincipals: framework.MapOrNull(servicePrincipals),
	}
	target.setRetained(nil)
	return target
}
