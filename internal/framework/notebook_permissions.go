package framework

import (
	"fmt"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// NotebookPermissionsDetail returns how to manage the permissions of a notebook experiment, which has none of its own; empty for other
// experiments.
func NotebookPermissionsDetail(e mlflow.Experiment) string {
	switch e.Kind() {
	case mlflow.KindNotebook:
		return fmt.Sprintf("It is the experiment of the notebook %q and has the notebook's permissions. Manage those, for example with "+
			"databricks_permissions and notebook_path, or those of a parent folder.", e.Name)
	case mlflow.KindGitFolder:
		return fmt.Sprintf("It is the experiment of the notebook %q in a Git folder and has the Git folder's permissions. Manage those, for "+
			"example with databricks_permissions and repo_path.", e.Name)
	default:
		return ""
	}
}
