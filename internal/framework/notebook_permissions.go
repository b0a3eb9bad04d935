package framework

import (
	"fmt"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// NotebookPermissionsDetail says which permissions an experiment has that has none of its own; "" for other experiments.
func NotebookPermissionsDetail(e mlflow.Experiment) string {
	switch e.Kind() {
	case mlflow.KindNotebook:
		return fmt.Sprintf("It is the experiment of the notebook %q and has the notebook's permissions. Manage those, for example with "+
			"databricks_permissions and notebook_path, or those of a folder above it.", e.Name)
	case mlflow.KindGitFolder:
		return fmt.Sprintf("It is the experiment of the notebook %q in a Git folder and has the Git folder's permissions. Manage those, for "+
			"example with databricks_permissions and repo_path.", e.Name)
	default:
		return ""
	}
}
