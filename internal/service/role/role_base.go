package role

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// roleBase is what the resources of roles and of their members share. UseWorkspace comes first in each operation.
type roleBase struct{ framework.ResourceBase }

// needsManager says who may read and change roles.
const needsManager = "Managing roles and their members needs a server admin, or a manager of the workspace: a member of a role that has " +
	"MANAGE on \"workspace/*\"."

// directory returns the directory of the workspace that the operation acts in, nil after an error.
func (b *roleBase) directory(diags *diag.Diagnostics) *mlflowserver.Directory {
	return framework.Directory(b.Client(), "roles", diags)
}

// lock returns the lock of a role in the workspace that the operation acts in.
func (b *roleBase) lock(name string) *framework.RoleLock {
	return b.Provider.Run.RoleLock(b.Client().MLflowWorkspace(), name)
}

// describe describes a role of the workspace that the operation acts in.
func (b *roleBase) describe(name string) string {
	if b.Client() == nil {
		return describeRole("", name)
	}
	return describeRole(b.Client().MLflowWorkspace(), name)
}

// placedAs is an object with its workspace in a state and in a plan. ID is its ID in the state. kind tells it from others with that ID.
func (b *roleBase) placedAs(kind, object string, id, state, plan types.String) framework.WorkspaceObject {
	return framework.WorkspaceObject{Object: object, ID: kind + " " + id.ValueString(), State: state, Plan: plan}
}

// checkRoleServer checks that the object of a state is on the provider's server, and in its workspace.
func (b *roleBase) checkRoleServer(
	ctx context.Context, private framework.PrivateState, could, object string, diags *diag.Diagnostics,
) bool {
	return b.CheckServer(ctx, private, could, framework.StateObject{Object: object}, diags)
}

// isWorkspaceMissing reports whether an error means that there is no such workspace.
func isWorkspaceMissing(err error) bool {
	_, ok := errors.AsType[*mlflowserver.MissingWorkspaceError](err)
	return ok || rest.IsWorkspaceMissing(err)
}

// isRoleMissing reports whether an error means that there is no such role, or no such workspace.
func isRoleMissing(err error) bool { return rest.IsNotFound(err) || isWorkspaceMissing(err) }

// addRoleError reports a failed call about a role.
func addRoleError(diags *diag.Diagnostics, could, object string, err error) {
	switch {
	case framework.IsUnsupported(err):
		framework.AddUnsupportedError(diags, "roles", err)
	case isWorkspaceMissing(err):
		diags.AddAttributeError(path.Root(framework.AttributeWorkspace), "Could not "+could, framework.ErrorDetail(object, err, "Create the "+
			"workspace first, for example with mlflow_workspace, and refer to it: workspace = mlflow_workspace.NAME.name."))
	default:
		framework.AddDirectoryError(diags, could, object, err, needsManager)
	}
}

// parseRoleImport splits the ID of an import into its workspace and the values of names, such as
// "workspace=risk,role=data-science,user=ana". If there is one name only, it can be left out. A value ends where the next name begins, so
// that it may contain anything else.
func parseRoleImport(id string, names ...string) (workspace string, values map[string]string, ok bool) {
	workspace, rest, err := framework.CutImportWorkspace(id)
	if err != nil {
		return "", nil, false
	}
	values = map[string]string{}
	if len(names) == 1 {
		for _, name := range []string{attributeName, names[0]} {
			if value, found := strings.CutPrefix(rest, name+"="); found {
				rest = value
				break
			}
		}
		values[names[0]] = rest
		return workspace, values, rest != ""
	}
	for i, name := range names {
		value, found := strings.CutPrefix(rest, name+"=")
		if !found {
			return "", nil, false
		}
		if rest = ""; i < len(names)-1 {
			at := strings.LastIndex(value, ","+names[i+1]+"=")
			if at < 0 {
				return "", nil, false
			}
			value, rest = value[:at], value[at+1:]
		}
		values[name] = value
	}
	return workspace, values, !slices.ContainsFunc(names, func(name string) bool { return values[name] == "" })
}

// importRole sets the attributes of an import in the state: the workspace if it names one, and the others by their names. noun is what is
// imported.
func (b *roleBase) importRole(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse, noun string, names ...string,
) {
	if !b.CheckImportConfigured(&resp.Diagnostics) {
		return
	}
	workspace, values, ok := parseRoleImport(req.ID, names...)
	if framework.IsIdentityImport(req) {
		values = b.ImportNamedIdentity(ctx, req, noun, append([]string{framework.AttributeWorkspace}, names...), &resp.Diagnostics)
		if values == nil {
			return
		}
		workspace = values[framework.AttributeWorkspace]
		ok = !slices.ContainsFunc(names, func(name string) bool { return values[name] == "" })
	}
	if !ok {
		form := make([]string, len(names))
		for i, name := range names {
			form[i] = name + "=" + strings.ToUpper(name)
		}
		resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q does not name a %s.\n\nSpecify %s, or in another workspace than the "+
			"provider's, workspace=WORKSPACE,%s.", req.ID, noun, strings.Join(form, ","), strings.Join(form, ",")))
		return
	}
	argument := framework.OrNull(workspace)
	if !b.UseWorkspace(argument, &resp.Diagnostics) || b.directory(&resp.Diagnostics) == nil {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(framework.AttributeWorkspace), argument)...)
	for _, name := range names {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), types.StringValue(values[name]))...)
	}
}

// onlyManagement explains that the current user manages the workspace through one role only, or that this cannot be told; "" if the user
// does not, or has more than that, of which this run leaves one. A server admin needs no role.
func (b *roleBase) onlyManagement(ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role) (why string, err error) {
	if !managesWorkspace(role) {
		return "", nil
	}
	caller, err := d.Caller(ctx)
	if err != nil || caller.Admin {
		return "", err
	}
	roles, err := d.Roles(ctx, role.Workspace)
	if err != nil {
		return "", err
	}
	who := fmt.Sprintf("The provider is authenticated as %q,", caller.Principal.Name)
	var through []string
	for _, other := range roles {
		isIn := slices.Contains(other.Members, caller.Principal.Name)
		if other.Members == nil {
			if caller.Groups == nil {
				return who + " and the server does not show whether another role lets that user manage the workspace.", nil
			}
			isIn = slices.Contains(caller.Groups, other.Name)
		}
		if isIn && managesWorkspace(other) {
			through = append(through, other.Name)
		}
	}
	if !slices.Contains(through, role.Name) {
		return "", nil
	}
	others, ok := b.Provider.Run.Management(role.Workspace).GiveUp(role.Name, through)
	if ok {
		return "", nil
	}
	why = fmt.Sprintf("%s who manages the workspace only as a member of %s", who, describeRole(role.Workspace, role.Name))
	if len(others) > 0 {
		return fmt.Sprintf("%s, apart from what other resources take away in the same run: \"%s\".", why, strings.Join(others, `", "`)), nil
	}
	return why + ".", nil
}

// keepsManagement reports whether the current user still manages the workspace without a role, its row on the workspace, or a membership in
// it, and adds an error if not. what is such as "Deleting the role".
func (b *roleBase) keepsManagement(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, at path.Path, could, what string, diags *diag.Diagnostics,
) bool {
	why, err := b.onlyManagement(ctx, d, role)
	switch {
	case err != nil:
		addRoleError(diags, "look up the current user", describeRole(role.Workspace, role.Name), err)
		return false
	case why == "":
		return true
	}
	diags.AddAttributeError(at, "Could not "+could+": your own access", fmt.Sprintf("%s %s would take that away, and it could no longer "+
		"manage the roles of the workspace.\n\nHave a server admin do this, or first give the current user another role that manages the "+
		"workspace. To stop managing the object without changing it, remove it from the state with terraform state rm.", why, what))
	return false
}
