package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

var (
	_ resource.ResourceWithConfigure   = (*workspaceResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*workspaceResource)(nil)
	_ resource.ResourceWithImportState = (*workspaceResource)(nil)
	_ resource.ResourceWithIdentity    = (*workspaceResource)(nil)
)

// workspacesNoun is the name of the managed objects in messages.
const workspacesNoun = "MLflow workspaces"

// workspaceAdminAdvice is the advice for an identity that may not manage workspaces.
const workspaceAdminAdvice = "Only a server admin can create, change, and delete workspaces. Configure the provider with the credentials " +
	"of a server admin."

// importedWorkspaceKey marks, in private state, that the next Read belongs to an import.
const importedWorkspaceKey = "imported"

// workspaceResource manages a workspace of an MLflow server.
type workspaceResource struct {
	framework.ResourceBase
}

// NewWorkspaceResource returns the resource mlflow_workspace.
func NewWorkspaceResource() resource.Resource { return &workspaceResource{} }

// Metadata implements [resource.Resource].
func (r *workspaceResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_workspace"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *workspaceResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.NamedIdentitySchema([]string{"name"}, nil)
}

// Schema implements [resource.Resource].
func (r *workspaceResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a workspace of an MLflow server. Requires MLflow 3.10 or newer, started with `--enable-workspaces`. Not " +
			"supported on Databricks.",
		Attributes: workspaceAttributes(),
	}
}

func workspaceAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the workspace: its name."},
		"name": schema.StringAttribute{
			Required: true, Validators: []validator.String{workspaceNameValidator{}},
			MarkdownDescription: "Name of the workspace: 2 to 63 lowercase letters, digits, and hyphens, starting and ending with a letter or " +
				"digit. `default`, `api`, `ajax-api`, `static-files`, and `workspaces` are not allowed. Changing it forces replacement.",
		},
		"description": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Description of the workspace. An empty string is the same as null. Updated in place; removing it from the " +
				"configuration clears it. Defaults to no description.",
		},
		"default_artifact_root": schema.StringAttribute{
			Optional: true, Validators: []validator.String{artifactRootValidator{}},
			MarkdownDescription: "Absolute URI or path of the location where experiments of the workspace store artifacts, for example " +
				"`s3://ml-risk/`. An empty string is the same as null. Updated in place; existing experiments keep their location. Defaults to a " +
				"folder for the workspace in the artifact storage of the server.",
		},
		"adopt_existing": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Adopt a workspace that already has this name instead of failing. Its description and artifact root are set to " +
				"the declared values; its contents are unchanged. Used only on create. Defaults to `false`.",
		},
		"deletion_policy": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf(deletionDeleteIfEmpty, deletionRetain)},
			MarkdownDescription: "Action on destroy and on replacement: `delete_if_empty` deletes the workspace, but fails if it " +
				"contains anything, including deleted experiments (checked during plan and apply); `retain` only removes it from the " +
				"state. Destroy uses the value in the state: apply a new value first. Defaults to `delete_if_empty`.",
		},
	}
}

// Read implements [resource.Resource].
func (r *workspaceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state workspaceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	imported, diags := req.Private.GetKey(ctx, importedWorkspaceKey)
	resp.Diagnostics.Append(diags...)
	if r.KeepStateIfUnconfigured(&resp.Diagnostics) || resp.Diagnostics.HasError() ||
		!r.CheckServerURL(ctx, req.Private, "read workspace", state.object(), &resp.Diagnostics) {
		return
	}
	d := r.directory(&resp.Diagnostics)
	if d == nil {
		return
	}
	found, err := d.Workspace(ctx, state.Name.ValueString())
	switch {
	case rest.IsNotFound(err) && imported != nil:
		resp.Diagnostics.AddError("Could not import workspace", fmt.Sprintf("%s was not found.\n\nCheck the name, and that the provider is "+
			"configured for the server that has the workspace.", framework.UpperFirst(state.object())))
	case rest.IsNotFound(err):
		resp.Diagnostics.AddWarning("Workspace not found, removed from state",
			fmt.Sprintf("%s no longer exists. If it is still in the configuration, the next apply "+
				"creates a new one.", framework.UpperFirst(state.object())))
		resp.State.RemoveResource(ctx)
	case err != nil:
		addWorkspaceError(&resp.Diagnostics, "read workspace", state.object(), err)
	default:
		r.Provider.Run.MarkRead(workspaceMarkID(state.Name))
		state.refresh(found)
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedWorkspaceKey, nil)...)
		resp.Diagnostics.Append(framework.StorePlanToken(ctx, resp.Private)...)
		resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
	}
}

// ImportState implements [resource.ResourceWithImportState]. It accepts a name or an identity.
func (r *workspaceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name := strings.TrimPrefix(req.ID, "name=")
	if framework.IsIdentityImport(req) {
		values := r.ImportNamedIdentity(ctx, req, framework.KindWorkspace, []string{"name"}, &resp.Diagnostics)
		if values == nil {
			return
		}
		name = values["name"]
	}
	if !r.CheckImportConfigured(&resp.Diagnostics) {
		return
	}
	if reason := invalidWorkspaceNameReason(name); reason != "" {
		resp.Diagnostics.AddError("Could not import workspace", reason)
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), name)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedWorkspaceKey, []byte("true"))...)
}

// addWorkspaceError reports a failed request about a workspace.
func addWorkspaceError(diags *diag.Diagnostics, action, object string, err error) {
	if framework.IsUnsupported(err) {
		framework.AddUnsupportedError(diags, workspacesNoun, err)
		return
	}
	framework.AddDirectoryError(diags, action, object, err, workspaceAdminAdvice)
}

// directory returns the directory of the provider's server, nil after an error.
func (r *workspaceResource) directory(diags *diag.Diagnostics) *mlflowserver.Directory {
	return framework.Directory(r.Client(), workspacesNoun, diags)
}
