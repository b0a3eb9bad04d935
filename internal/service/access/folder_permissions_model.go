package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access/acl"
)

const attributePath = "path"

// folderPermissionsModel is the model of mlflow_folder_permissions.
type folderPermissionsModel struct {
	acl.Declared

	ID            types.String `tfsdk:"id"`
	Path          types.String `tfsdk:"path"`
	CreateParents types.Bool   `tfsdk:"create_parents"`

	// created is the creation time of the folder in private state, "" if the server does not return it.
	created string
}

func (m *folderPermissionsModel) identity() map[string]types.String {
	return map[string]types.String{attributePath: m.Path}
}

// object describes the permissions in messages.
func (m *folderPermissionsModel) object() string { return "permissions of " + m.folder() }

// folder describes the folder in messages.
func (m *folderPermissionsModel) folder() string {
	if m.Path.ValueString() == "" {
		return "folder " + m.ID.ValueString()
	}
	return describeFolder(m.Path.ValueString())
}

func describeFolder(path string) string { return fmt.Sprintf("folder %q", path) }

// samePath reports whether two models have the same path. An unknown path differs from every other.
func (m *folderPermissionsModel) samePath(rules mlflow.NameRules, o *folderPermissionsModel) bool {
	return !m.Path.IsUnknown() && rules.NormalizeName(m.Path.ValueString()) == rules.NormalizeName(o.Path.ValueString())
}

// isSameFolder reports whether a folder is the one in the model. The server can omit its creation time.
func (m *folderPermissionsModel) isSameFolder(folder mlflow.Folder) bool {
	now := framework.FormatCreationTime(folder.Created)
	return folder.ID == m.ID.ValueString() && (m.created == "" || now == "" || now == m.created)
}

// foldersOrError returns the folders API of the server. It adds an error at the path if the server has no folders.
func foldersOrError(client *mlflow.Client, diags *diag.Diagnostics) (folders mlflow.Folders, ok bool) {
	folders, err := client.Folders()
	if err != nil {
		diags.AddAttributeError(path.Root(attributePath), "Folders are not supported", framework.UpperFirst(err.Error())+".")
		return nil, false
	}
	return folders, true
}

// folderList returns the access control list of a folder.
func folderList(client *mlflow.Client, run *framework.RunState, folders mlflow.Folders, m *folderPermissionsModel) *acl.List {
	return &acl.List{
		Client: client, Run: run, Store: folders,
		Object: acl.Object{
			ID: m.ID.ValueString(), Noun: "folder", Name: m.folder(), Levels: folders.KnownLevels(), AccessAdvice: folders.AccessAdvice(),
			Owner: folders.Owner(m.Path.ValueString()),
		},
		Explain: func(ctx context.Context, object acl.Object, err error) *acl.Problem {
			return explainFolder(ctx, folders, m.Path.ValueString(), object, err)
		},
	}
}

// explainFolder returns the cause of an error about the permissions of a folder. It looks up the folder, which can be deleted, moved, or
// replaced by another object. path is "" if only the ID is known, as in an import.
func explainFolder(ctx context.Context, folders mlflow.Folders, path string, object acl.Object, err error) *acl.Problem {
	if path == "" {
		return &acl.Problem{
			Object: object, Err: err, ObjectMissing: rest.IsNotFound(err), Advice: []string{"Check the object ID, or use the path of the folder."},
		}
	}
	folder, findErr := folders.Find(ctx, path)
	var other *mlflow.NotFolderError
	switch {
	case errors.As(findErr, &other):
		return &acl.Problem{Object: object, Err: findErr, ObjectMissing: true, Advice: []string{other.Advice}}
	case rest.IsNotFound(findErr), findErr == nil && folder.ID != object.ID:
		advice := []string{"The folder was deleted or moved. Run terraform plan again."}
		return &acl.Problem{Object: object, Err: err, ObjectMissing: true, Advice: advice}
	case findErr != nil:
		return &acl.Problem{Object: object, Err: rest.FollowedBy(err, "looking up the folder also failed", findErr)}
	}
	return &acl.Problem{Object: object, Err: err}
}

// findProblem returns the reason why the lookup of a folder failed, with advice.
func findProblem(list *acl.List, err error) *acl.Problem {
	p := &acl.Problem{Object: list.Object, Err: err, Advice: notFolderAdvice(err)}
	switch {
	case p.Denied():
		p.Advice = []string{list.Object.AccessAdvice}
	case rest.IsNotFound(err) && list.Object.ID != "":
		p.Advice = []string{fmt.Sprintf("The folder was moved or deleted, or the identity that runs Terraform can no longer view it: its "+
			"permissions cannot be read by object ID %s either. Restore the access, or if the folder no longer exists, remove the "+
			"resource from the state with terraform state rm.", list.Object.ID)}
	}
	return p
}

// notFolderAdvice returns the advice for an object that is not a folder.
func notFolderAdvice(err error) []string {
	var other *mlflow.NotFolderError
	if errors.As(err, &other) {
		return []string{other.Advice}
	}
	return nil
}

// stateObject returns the permissions as [framework.ResourceBase.CheckServer] identifies them.
func (m *folderPermissionsModel) stateObject(client *mlflow.Client) framework.StateObject {
	return framework.StateObject{Object: m.object(), MismatchReason: func(ctx context.Context) string { return m.mismatchReason(ctx, client) }}
}

// mismatchReason returns the reason why the folder on the server is not the one in the state, "" if it is.
func (m *folderPermissionsModel) mismatchReason(ctx context.Context, client *mlflow.Client) string {
	folders, err := client.Folders()
	if err != nil {
		return framework.UpperFirst(err.Error()) + "."
	}
	folder, err := folders.Find(ctx, m.Path.ValueString())
	switch {
	case rest.IsNotFound(err):
		return fmt.Sprintf("The configured server has no %s.", m.folder())
	case err != nil:
		return framework.EndSentences("The provider could not check whether both are the same server: " + err.Error())
	case !m.isSameFolder(folder) && folder.ID == m.ID.ValueString():
		return fmt.Sprintf("On the configured server, %s is a different folder, created at another time.", m.folder())
	case !m.isSameFolder(folder):
		return fmt.Sprintf("On the configured server, %s is a different folder: its object ID is %s, and the one in this state is %s.",
			m.folder(), folder.ID, m.ID.ValueString())
	}
	return ""
}
