package governance

import (
	"context"
	"strings"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/review"
)

// addInheritedFolders adds an experiment to the tracker with the folders that it inherits from. A deleted experiment is not below them.
func addInheritedFolders(t *review.FolderTracker, e mlflow.Experiment, acl mlflow.ACL) {
	if !e.Deleted() {
		t.Add(e.Name, inheritedFolders(acl))
	}
}

// inheritedFolders returns the folders that grants are inherited from, without the root.
func inheritedFolders(acl mlflow.ACL) map[string]bool {
	folders := map[string]bool{}
	for _, e := range acl.Entries {
		for _, p := range e.Permissions {
			for _, object := range p.InheritedFrom {
				if strings.HasPrefix(object, framework.RootObject) && object != framework.RootObject {
					folders[object] = true
				}
			}
		}
	}
	return folders
}

// inheritedFolderPaths returns the path of each folder that grants are inherited from, as far as it can be determined with a few requests.
func inheritedFolderPaths(ctx context.Context, client *mlflow.Client, t *review.FolderTracker) map[string]string {
	paths := t.Paths(func(folder string) (string, bool) {
		status, err := databricks.WorkspaceStatus(ctx, client, folder)
		if err != nil {
			return "", false // the caller may not see it
		}
		return framework.FolderObject(status), true
	})
	paths[framework.RootObject] = "/"
	return paths
}
