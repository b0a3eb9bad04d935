package databricks

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// folders are the folders of a workspace. API: workspace/get-status, workspace/mkdirs, permissions/directories/{id}.
type folders struct{ aclStore }

// Folders implements [mlflow.Backend].
func (Backend) Folders(c *mlflow.Client) (mlflow.Folders, error) {
	return folders{aclStore{c, "directories", "directory", "a folder"}}, nil
}

// KnownLevels implements [mlflow.Folders].
func (folders) KnownLevels() []string {
	return []string{mlflow.LevelRead, mlflow.LevelRun, mlflow.LevelEdit, mlflow.LevelManage}
}

// AccessAdvice implements [mlflow.Folders].
func (folders) AccessAdvice() string {
	return "Reading and changing permissions needs CAN_MANAGE on the folder. Ask a user with CAN_MANAGE, or a workspace admin, to " +
		"grant it, or run Terraform as an identity that has it."
}

// FolderAdvice implements [mlflow.Backend]. The Databricks documentation is inconsistent about the required levels, and they were not
// verified on a real workspace.
func (Backend) FolderAdvice() string {
	return "Creating, deleting, and restoring an experiment needs CAN_EDIT or CAN_MANAGE on its folder, and renaming it needs CAN_MANAGE on " +
		"its old and its new folder. Ask a user with CAN_MANAGE on the folder, or a workspace admin, for access."
}

// CheckFolderPath returns an error, with the next step, for a folder whose permissions cannot be managed. It sends no request, so it does
// not detect Git folders outside of /Repos; [mlflow.Folders] does.
func CheckFolderPath(path string) error {
	switch (Names{}).NormalizeName(path) {
	case "/Shared":
		return fmt.Errorf("%q is the folder in which all users have CAN_MANAGE. Databricks does not allow its permissions to be changed. Use a "+
			"folder outside it, such as \"/Projects\"", path)
	case "/Users":
		return fmt.Errorf("%q contains the home folders. Databricks does not allow its permissions to be changed. Use a home folder, such as "+
			"\"/Users/ana@example.com\", or a folder outside /Users, such as \"/Projects\"", path)
	}
	return CheckReadableFolderPath(path)
}

// CheckReadableFolderPath is [CheckFolderPath] for reading permissions, which is possible for more folders.
func CheckReadableFolderPath(path string) error {
	n := Names{}.NormalizeName(path)
	switch {
	case !strings.HasPrefix(n, "/"):
		return fmt.Errorf("%q is not an absolute workspace path, such as \"/Projects/retail\"", path)
	case checkSpelling(path) != nil: // before the roots: the server may treat the path as one of them
		return checkSpelling(path)
	case n == "/", n == "/Workspace":
		return fmt.Errorf("%q is the root of the workspace. Only workspace admins can create objects in it, and the provider does not manage "+
			"its permissions. Use a folder in it, such as \"/Projects\"", path)
	case inRepos(n):
		return fmt.Errorf("%q is in /Repos. Git folders have a different kind of permissions. Manage them with databricks_permissions and "+
			"repo_path", path)
	}
	return nil
}

// Find implements [mlflow.Folders].
func (f folders) Find(ctx context.Context, path string) (mlflow.Folder, error) {
	at, err := WorkspaceStatus(ctx, f.client, path)
	switch {
	case err != nil:
		return mlflow.Folder{}, err
	case at.IsGitFolder():
		return mlflow.Folder{}, &mlflow.NotFolderError{Object: "a Git folder", Advice: "Git folders have a different kind of permissions. " +
			"Manage them with databricks_permissions and repo_path."}
	case at.Type != typeFolder:
		return mlflow.Folder{}, &mlflow.NotFolderError{Object: fmt.Sprintf("an object of type %s", at.Type), Advice: "Use the path of a folder."}
	}
	folder := mlflow.Folder{ID: at.ObjectID()}
	if at.Created != 0 {
		folder.Created = time.UnixMilli(int64(at.Created))
	}
	return folder, nil
}

// Create implements [mlflow.Folders].
func (f folders) Create(ctx context.Context, path string) error {
	return makeFolder(ctx, f.client, path)
}

// makeFolder creates a folder and its missing parent folders. It succeeds if the folder exists. API: POST workspace/mkdirs.
func makeFolder(ctx context.Context, c *mlflow.Client, path string) error {
	err := c.Do(ctx, rest.Call{
		Method: http.MethodPost, Path: "/api/2.0/workspace/mkdirs", Body: map[string]string{"path": path}, Group: rest.GroupOther,
	})
	if !rest.IsAlreadyExists(err) {
		return err
	}
	// Another client may have created the same folder at the same moment.
	if at, lookErr := WorkspaceStatus(ctx, c, path); lookErr == nil && at.Type == typeFolder {
		return nil
	}
	return err
}

// Owner implements [mlflow.Folders]: a home folder is named after its user.
func (folders) Owner(path string) mlflow.Principal {
	name, ok := strings.CutPrefix(Names{}.NormalizeName(path), "/Users/")
	switch {
	case !ok || strings.Contains(name, "/"):
		return mlflow.Principal{}
	case IsApplicationID(name):
		return mlflow.Principal{Kind: mlflow.KindServicePrincipal, Name: name}
	default:
		return mlflow.Principal{Kind: mlflow.KindUser, Name: name}
	}
}
