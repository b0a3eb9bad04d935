package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// The content is checked during plan, because Terraform destroys dependent objects, such as experiments and roles, before the workspace.
// The server checks it again in Delete.

// deletion is the operation that deletes a workspace, such as "destroy workspace", and the attribute of its diagnostics.
type deletion struct {
	action string
	at     path.Path
}

// checkDestroy rejects a plan that deletes a workspace that is not empty, and warns of the roles that the server deletes with a workspace.
func (r *workspaceResource) checkDestroy(
	ctx context.Context, private framework.PrivateState, state workspaceModel, del deletion, diags *diag.Diagnostics,
) {
	if state.deletionPolicy() == deletionRetain || !r.CheckServerURL(ctx, private, del.action, state.object(), diags) {
		return
	}
	d := r.directory(diags)
	if d == nil {
		return
	}
	content, err := d.WorkspaceContent(ctx, state.Name.ValueString())
	switch {
	case rest.IsNotFound(err):
	case framework.IsUnsupported(err):
		framework.AddUnsupportedError(diags, workspacesNoun, err)
	case err != nil:
		framework.AddDirectoryError(diags, del.action, state.object(), fmt.Errorf("checking whether it is empty: %w", err), workspaceAdminAdvice)
	case !content.IsEmpty():
		addWorkspaceNotEmptyError(diags, state, del, fmt.Sprintf("It contains %s.", content))
	default:
		warnWorkspaceRoles(ctx, d, state, diags)
	}
}

// addWorkspaceNotEmptyError reports that a workspace is not empty. content is a sentence about its content.
func addWorkspaceNotEmptyError(diags *diag.Diagnostics, state workspaceModel, del deletion, content string) {
	name := state.Name.ValueString()
	diags.AddAttributeError(del.at, "Could not "+del.action, fmt.Sprintf(
		"%s is deleted only if it is empty (deletion_policy = \"delete_if_empty\", the default). %s Nothing was deleted.\n\nDeleted "+
			"experiments count as content, so a workspace cannot be destroyed together with its experiments. First destroy the experiments, run "+
			"mlflow gc --workspace %s where the server runs, then destroy the workspace. To only remove it from the state, apply deletion_policy "+
			"= \"retain\" first, or use a removed block with destroy = false. If you only renamed the resource, changed its for_each key, or "+
			"moved it to another module, add a moved block instead.",
		framework.UpperFirst(state.object()), content, name))
}

// warnWorkspaceRoles warns of roles that are deleted with a workspace. It ignores the two roles of a new workspace if they have no members.
func warnWorkspaceRoles(ctx context.Context, d *mlflowserver.Directory, state workspaceModel, diags *diag.Diagnostics) {
	roles, err := d.Roles(ctx, state.Name.ValueString())
	if err != nil {
		return // the server has no roles, or apply reports the failure
	}
	var lost []string
	for _, role := range roles {
		if len(role.Members) > 0 || role.Name != "admin" && role.Name != "user" {
			lost = append(lost, fmt.Sprintf("  - %q (%s)", role.Name, describeMembers(role.Members)))
		}
	}
	if len(lost) > 0 {
		diags.AddWarning("Roles will be deleted with the workspace",
			fmt.Sprintf("The server deletes the roles of %s and their memberships with the workspace:\n%s",
				state.object(), strings.Join(lost, "\n")))
	}
}

func describeMembers(members []string) string {
	if len(members) == 0 {
		return "no members"
	}
	return "members: " + strings.Join(members, ", ")
}

// Delete implements [resource.Resource].
func (r *workspaceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state workspaceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.deletionPolicy() == deletionRetain ||
		!r.CheckServerURL(ctx, req.Private, "destroy workspace", state.object(), &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	name := state.Name.ValueString()
	lock := r.Provider.Run.ObjectLock(framework.KindWorkspace, name)
	lock.Lock()
	defer lock.Unlock()
	if lock.Claimed {
		resp.Diagnostics.AddWarning("Workspace removed from state, not deleted", fmt.Sprintf(
			"%s was created, adopted, or changed by another resource in this apply, which now manages it. If that resource failed, fix its "+
				"error and apply again.", framework.UpperFirst(state.object())))
		return
	}
	err := d.DeleteWorkspace(ctx, name)
	if notEmpty, ok := errors.AsType[*mlflowserver.NotEmptyError](err); ok {
		said := strings.TrimSuffix(notEmpty.Err.Error(), ".")
		if content, err := d.WorkspaceContent(ctx, name); err == nil && !content.IsEmpty() {
			said = fmt.Sprintf("%s. It contains %s", said, content)
		}
		addWorkspaceNotEmptyError(&resp.Diagnostics, state, deletion{"destroy workspace", path.Root("deletion_policy")}, said+".")
		return
	}
	if err != nil && !rest.IsNotFound(err) {
		addWorkspaceError(&resp.Diagnostics, "delete workspace", state.object(), err)
	}
}
