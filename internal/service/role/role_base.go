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

// roleBase is the base of the resources of roles and of their members. Each operation calls UseWorkspace first.
type roleBase struct{ framework.ResourceBase }

// managerAdvice is the advice for an identity that may not read or change roles.
const managerAdvice = "Only a server admin or a manager of the workspace can manage roles and their members. Configure the provider with " +
	"the credentials of one of them. A manager is a member of a role with MANAGE on \"workspace/*\"."

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

// newWorkspaceObject returns an object with its ID in the state, and its workspace in the state and in the plan. kind distinguishes it from
// other objects with that ID.
func newWorkspaceObject(kind, object string, id, state, plan types.String) framework.WorkspaceObject {
	return framework.WorkspaceObject{Object: object, ID: kind + " " + id.ValueString(), State: state, Plan: plan}
}

// checkRoleServer checks that the object of a state is on the provider's server, and in its workspace.
func (b *roleBase) checkRoleServer(
	ctx context.Context, private framework.PrivateState, action, object string, diags *diag.Diagnostics,
) bool {
	return b.CheckServer(ctx, private, action, framework.StateObject{Object: object}, diags)
}

// isWorkspaceMissing reports whether an error means that there is no such workspace.
func isWorkspaceMissing(err error) bool {
	_, ok := errors.AsType[*mlflowserver.MissingWorkspaceError](err)
	return ok || rest.IsWorkspaceMissing(err)
}

// isRoleMissing reports whether an error means that there is no such role, or no such workspace.
func isRoleMissing(err error) bool { return rest.IsNotFound(err) || isWorkspaceMissing(err) }

// addRoleError reports a failed request about a role.
func addRoleError(diags *diag.Diagnostics, action, object string, err error) {
	switch {
	case framework.IsUnsupported(err):
		framework.AddUnsupportedError(diags, "roles", err)
	case isWorkspaceMissing(err):
		diags.AddAttributeError(path.Root(framework.AttributeWorkspace), "Could not "+action, framework.ErrorDetail(object, err, "Create the "+
			"workspace first, for example with mlflow_workspace, and refer to it: workspace = mlflow_workspace.NAME.name."))
	default:
		framework.AddDirectoryError(diags, action, object, err, managerAdvice)
	}
}

// parseRoleImport splits an import ID such as "workspace=risk,role=data-science,user=ana" into its workspace and the values of names. A
// single name can be omitted. A value ends where the next name begins, so it can contain commas and equals signs.
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

// importRole sets the attributes of an import in the state: the workspace, if it contains one, and the attributes called names. noun
// describes the imported object.
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
		resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q does not identify a %s.\n\nSpecify %s, or, in a workspace other than the "+
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

// soleAccessReason returns a sentence if the current user manages the workspace only through this role, or if that cannot be determined. It
// returns "" for a server admin, and for a user who keeps another role that manages the workspace after this run.
func (b *roleBase) soleAccessReason(ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role) (reason string, err error) {
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
	subject := fmt.Sprintf("The provider is authenticated as %q,", caller.Principal.Name)
	var through []string
	for _, other := range roles {
		isIn := slices.Contains(other.Members, caller.Principal.Name)
		if other.Members == nil {
			if caller.Groups == nil {
				return subject + " and the server does not report whether that user manages the workspace through another role.", nil
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
	others, ok := b.Provider.Run.Management(role.Workspace).Lose(role.Name, through)
	if ok {
		return "", nil
	}
	reason = fmt.Sprintf("%s who manages the workspace only as a member of %s", subject, describeRole(role.Workspace, role.Name))
	if len(others) > 0 {
		return fmt.Sprintf("%s and of roles from which this run also removes that access: \"%s\".", reason, strings.Join(others, `", "`)), nil
	}
	return reason + ".", nil
}

// checkOwnAccess checks that the current user still manages the workspace without a role, its grant on the workspace, or a membership in
// it. what is the subject of the error, such as "Deleting the role".
func (b *roleBase) checkOwnAccess(
	ctx context.Context, d *mlflowserver.Directory, role mlflowserver.Role, at path.Path, action, what string, diags *diag.Diagnostics,
) bool {
	reason, err := b.soleAccessReason(ctx, d, role)
	switch {
	case err != nil:
		addRoleError(diags, "look up the current user", describeRole(role.Workspace, role.Name), err)
		return false
	case reason == "":
		return true
	}
	diags.AddAttributeError(at, "Could not "+action+": would remove your access", fmt.Sprintf("%s %s can leave the "+
		"provider unable to manage the roles of the workspace.\n\nHave a server admin apply this change, or first add the current user to "+
		"another role that manages the workspace. To only remove the resource from the state, run terraform state rm.", reason, what))
	return false
}
