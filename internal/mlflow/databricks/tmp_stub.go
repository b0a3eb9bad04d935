package databricks

import (
	"context"
	"errors"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// IsGitFolder reports tmp.
func (o WorkspaceObject) IsGitFolder() bool { return o.Type == "REPO" }

// FolderIndex is tmp.
type FolderIndex struct{}

// FindPath is tmp.
func (*FolderIndex) FindPath(ctx context.Context, c *mlflow.Client, id string, above []string) (string, error) {
	return "", errors.New("tmp")
}
