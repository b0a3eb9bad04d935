package framework

import (
	"cmp"
	"context"

	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// AttributeWorkspace is the argument of every object that lives in a workspace of an MLflow server.
const AttributeWorkspace = "workspace"

// WorkspaceAttribute is the schema of the argument workspace in a resource.
func WorkspaceAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Workspace of the MLflow server, for servers with workspaces (3.10 and newer). Not supported on Databricks. Changing it " +
			"replaces the resource. Default: the provider's `workspace`.",
	}
}

// WorkspaceDataAttribute is the schema of the argument workspace in a data source.
func WorkspaceDataAttribute() datasourceschema.StringAttribute {
	return datasourceschema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Workspace of the MLflow server to read from, for servers with workspaces (3.10 and newer). Not supported on Databricks. " +
			"Default: the provider's `workspace`.",
	}
}

// place is the MLflow workspace that one operation of an object acts in.
type place struct {
	// client is the client of the workspace; nil for the provider's own.
	client *mlflow.Client
	// unknown reports whether the workspace is unknown while planning.
	unknown bool
}

// in returns the client to use, given the provider's. It is nil while the workspace is unknown.
func (p *place) in(client *mlflow.Client) *mlflow.Client {
	switch {
	case p.unknown, client == nil:
		return nil
	case p.client != nil:
		return p.client
	default:
		return client
	}
}

// use makes the operation act in a workspace. It adds an error if the server has no workspaces.
func (p *place) use(client *mlflow.Client, workspace types.String, diags *diag.Diagnostics) bool {
	p.client, p.unknown = nil, workspace.IsUnknown()
	if client == nil || workspace.ValueString() == "" {
		return true
	}
	selected, err := client.InWorkspace(workspace.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root(AttributeWorkspace), "MLflow workspaces not supported", UpperFirst(err.Error())+".")
		return false
	}
	p.client = selected
	return true
}

// UseWorkspace makes the operation act in the workspace of the argument, the provider's if it is null. Call it before anything else: it decides what
// Client returns. A resource value serves one operation only. It reports false after an error.
func (b *ResourceBase) UseWorkspace(workspace types.String, diags *diag.Diagnostics) bool {
	if b.Provider == nil {
		return true
	}
	return b.use(b.Provider.Client, workspace, diags)
}

// ClientIn returns the client for the workspace of the argument, the provider's workspace if it is null. It is nil after an error.
func (b *DataSourceBase) ClientIn(workspace types.String, diags *diag.Diagnostics) *mlflow.Client {
	client := b.ClientOrError(diags)
	if client == nil || !b.use(client, workspace, diags) {
		return nil
	}
	return b.in(client)
}

// MovesWorkspace reports whether a plan moves an object to another workspace, which replaces it. A workspace that is unknown moves nothing. The state's
// null is the workspace that private state remembers: the provider's may be another one by now.
func (b *ResourceBase) MovesWorkspace(ctx context.Context, private PrivateState, state, plan types.String) bool {
	if plan.IsUnknown() || b.Provider == nil || b.Provider.Client == nil || state.Equal(plan) {
		return false
	}
	before := cmp.Or(state.ValueString(), MarkOf(ctx, private).Workspace, b.Provider.Client.MLflowWorkspace())
	return before != cmp.Or(plan.ValueString(), b.Provider.Client.MLflowWorkspace())
}

// PlanWorkspace plans the replacement of a resource whose workspace changes.
func (b *ResourceBase) PlanWorkspace(ctx context.Context, private PrivateState, state, plan types.String, resp *resource.ModifyPlanResponse) {
	if b.MovesWorkspace(ctx, private, state, plan) {
		resp.RequiresReplace.Append(path.Root(AttributeWorkspace))
	}
}

// CheckSameWorkspace refuses an update that would move an object to another workspace: the argument was unknown in the plan.
func (b *ResourceBase) CheckSameWorkspace(ctx context.Context, private PrivateState, object string, state, plan types.String, diags *diag.Diagnostics) bool {
	if !b.MovesWorkspace(ctx, private, state, plan) {
		return true
	}
	diags.AddAttributeError(path.Root(AttributeWorkspace), "Could not change workspace", UpperFirst(object)+" cannot move to another workspace. The workspace was "+
		"not known when the plan was made. Plan again: the next plan replaces the resource.")
	return false
}
