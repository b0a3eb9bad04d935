package experiment

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// importErrorDetail returns why an experiment cannot be imported, and what to do. e is empty if it was not found.
func (r *experimentResource) importErrorDetail(id string, e mlflow.Experiment, reason string) string {
	if e.ID != "" {
		return fmt.Sprintf("Experiment %s %s.\n\nRestore it first, in the UI or with the API, then import it.", id, reason)
	}
	return fmt.Sprintf("Experiment %s was not found.\n\nCheck the ID, and that the provider is configured for the server that has the "+
		"experiment.%s", id, r.searchedWorkspace(id))
}

// searchedWorkspace returns in which MLflow workspace an experiment was looked up, empty on Databricks.
func (r *experimentResource) searchedWorkspace(id string) string {
	workspace := r.Client().MLflowWorkspace()
	if workspace == "" {
		return ""
	}
	return fmt.Sprintf(" On a server with MLflow workspaces, it was looked up in %q only. To look it "+
		"up in another one, set workspace in the resource or the provider block, or MLFLOW_WORKSPACE. To import it from another one, use the "+
		"import ID workspace=NAME,%s.", workspace, id)
}

// ImportState imports an experiment by ID, name, URL, or identity, with or without a workspace.
func (r *experimentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	imported, ok := r.ResolveImportID(ctx, req, &resp.Diagnostics)
	if !ok {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), imported.ID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(framework.AttributeWorkspace), imported.Workspace)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, []byte(byImport))...)
}
