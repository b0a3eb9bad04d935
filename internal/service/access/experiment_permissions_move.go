package access

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// MoveState implements [resource.ResourceWithMoveState]. It accepts the permissions of experiments from the Databricks provider.
func (r *experimentPermissionsResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveDatabricksPermissions}}
}

func moveDatabricksPermissions(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != acl.DatabricksType {
		return
	}
	source, ok := acl.ParseDatabricksState(req.SourceRawState.JSON, &resp.Diagnostics)
	if !ok {
		return
	}
	if !databricksExperimentID.MatchString(source.ID) {
		source.AddKindError(&resp.Diagnostics, "experiment_id", "mlflow_experiment_permissions", "experiments")
		return
	}
	id := types.StringValue(strings.TrimPrefix(source.ID, databricksExperimentPrefix))
	target := experimentPermissionsModel{ID: id, ExperimentID: id, Declared: source.Declared()}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &target)...)
}
