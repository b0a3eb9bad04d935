package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

// MoveState implements [resource.ResourceWithMoveState]. It accepts the permissions of folders from the Databricks provider.
func (r *folderPermissionsResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: moveDatabricksDirectory}}
}

// moveDatabricksDirectory copies the path from the source state. If that contains only the folder ID, the refresh that follows looks up the
// path.
func moveDatabricksDirectory(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != acl.DatabricksType {
		return
	}
	source, ok := acl.ParseDatabricksState(req.SourceRawState.JSON, &resp.Diagnostics)
	if !ok {
		return
	}
	m := databricksFolderID.FindStringSubmatch(source.ID)
	if m == nil {
		source.AddKindError(&resp.Diagnostics, attributePath, "mlflow_folder_permissions", "folders")
		return
	}
	target := folderPermissionsModel{ID: types.StringValue(m[1]), Path: framework.OrNull(source.DirectoryPath), Declared: source.Declared()}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &target)...)
}
