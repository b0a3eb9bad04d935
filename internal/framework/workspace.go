package framework

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// AttributeWorkspace is the argument for the workspace of an object on an MLflow server.
const AttributeWorkspace = "workspace"

// workspaceName validates the name of an MLflow workspace.
var workspaceName = []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`),
	"must be the name of an MLflow workspace: lowercase letters and digits, with hyphens in between. For the workspace of the provider, "+
		"omit the argument")}

const workspaceSupport = "Requires MLflow 3.10 or newer, started with `--enable-workspaces`. Not supported on Databricks. "

// WorkspaceAttribute returns the schema of the argument workspace in a resource.
func WorkspaceAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Validators: workspaceName,
		MarkdownDescription: "MLflow workspace that contains the object. " + workspaceSupport + "Changing it to a different workspace **forces " +
			"replacement**. Defaults to the `workspace` of the provider.",
	}
}

// WorkspaceDataAttribute returns the schema of the argument workspace in a data source.
func WorkspaceDataAttribute() datasourceschema.StringAttribute {
	return datasourceschema.StringAttribute{
		Optional: true, Validators: workspaceName,
		MarkdownDescription: "MLflow workspace to read from. " + workspaceSupport + "Defaults to the `workspace` of the provider.",
	}
}

// WorkspaceActionAttribute returns the schema of the argument workspace in an action.
func WorkspaceActionAttribute() actionschema.StringAttribute {
	return actionschema.StringAttribute{
		Optional: true, Validators: workspaceName,
		MarkdownDescription: "MLflow workspace of the action. " + workspaceSupport + "Defaults to the `workspace` of the provider.",
	}
}

// workspaceListAttribute returns the schema of the argument workspace in a list block.
func workspaceListAttribute() listschema.StringAttribute {
	return listschema.StringAttribute{
		Optional: true, Validators: workspaceName,
		MarkdownDescription: "MLflow workspace to list. " + workspaceSupport + "Defaults to the `workspace` of the provider.",
	}
}

// workspaceSelection is the MLflow workspace that one operation of an object acts in. Its zero value is the workspace of the provider.
type workspaceSelection struct {
	// client is the client of the workspace, nil for the workspace of the provider.
	client *mlflow.Client
	// unknown reports whether the workspace is unknown while planning.
	unknown bool
}

// clientOr returns the client of the workspace, given that of the provider. It returns nil while the workspace is unknown.
func (s *workspaceSelection) clientOr(client *mlflow.Client) *mlflow.Client {
	switch {
	case s.unknown, client == nil:
		return nil
	case s.client != nil:
		return s.client
	default:
		return client
	}
}

// selectWorkspace makes the operation act in a workspace. It adds an error if this kind of server has no workspaces.
func (s *workspaceSelection) selectWorkspace(client *mlflow.Client, workspace types.String, diags *diag.Diagnostics) bool {
	s.client, s.unknown = nil, workspace.IsUnknown()
	if client == nil || workspace.ValueString() == "" {
		return true
	}
	selected, err := client.InWorkspace(workspace.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root(AttributeWorkspace), "MLflow workspaces are not supported", UpperFirst(err.Error())+".")
		return false
	}
	s.client = selected
	return true
}

// UseWorkspace makes the operation act in the workspace of the argument, or in that of the provider if the argument is null. Call it first,
// because it sets the result of Client. This is safe because a resource value serves only one operation. It returns false after an error.
func (b *ResourceBase) UseWorkspace(workspace types.String, diags *diag.Diagnostics) bool {
	if b.Provider == nil {
		return true
	}
	return b.selectWorkspace(b.Provider.Client, workspace, diags)
}

// UseCreateWorkspace is UseWorkspace for an operation that creates an object. It also adds an error if the server has no workspaces:
// servers before 3.10 ignore the workspace, and the object would not be in the workspace of the state.
func (b *ResourceBase) UseCreateWorkspace(ctx context.Context, workspace types.String, diags *diag.Diagnostics) bool {
	return b.UseWorkspace(workspace, diags) && b.checkSupported(ctx, diags)
}

// checkSupported adds an error if the operation uses a workspace and the server has none.
func (s *workspaceSelection) checkSupported(ctx context.Context, diags *diag.Diagnostics) bool {
	if s.client == nil || s.client.MLflowWorkspace() == mlflow.DefaultWorkspace {
		return true
	}
	err := s.client.CheckWorkspaces(ctx)
	if _, unsupported := errors.AsType[*mlflow.UnsupportedError](err); unsupported {
		diags.AddAttributeError(path.Root(AttributeWorkspace), "MLflow workspaces are not supported", UpperFirst(err.Error())+".")
		return false
	}
	return true // the operation itself reports any other error
}

// UseStateWorkspace makes the operation act in the workspace of a state. It ignores the workspace if this kind of server has none:
// [ResourceBase.CheckServer] reports that the state belongs to another server.
func (b *ResourceBase) UseStateWorkspace(workspace types.String) {
	var diags diag.Diagnostics
	b.UseWorkspace(workspace, &diags)
}

// ClientIn returns the client for the workspace of the argument, or for that of the provider if it is null. It returns nil after an error.
func (b *DataSourceBase) ClientIn(ctx context.Context, workspace types.String, diags *diag.Diagnostics) *mlflow.Client {
	client := b.ClientOrError(diags)
	if client == nil || !b.selectWorkspace(client, workspace, diags) || !b.checkSupported(ctx, diags) {
		return nil
	}
	return b.clientOr(client)
}

// MovesWorkspace reports whether a plan moves an object to another workspace, which replaces the object. An unknown workspace is no move.
// Null in the state is the workspace in private state, because the one of the provider may have changed since.
func (b *ResourceBase) MovesWorkspace(ctx context.Context, private PrivateState, state, plan types.String) bool {
	if plan.IsUnknown() || b.Provider == nil || b.Provider.Client == nil || state.Equal(plan) {
		return false
	}
	before := cmp.Or(state.ValueString(), MarkOf(ctx, private).Workspace, b.Provider.Client.MLflowWorkspace())
	return before != cmp.Or(plan.ValueString(), b.Provider.Client.MLflowWorkspace())
}

// WorkspaceObject is an object with its workspace in the state and in the plan.
type WorkspaceObject struct {
	// Object describes the object in messages. ID is its ID in [RunState.MarkRead].
	Object, ID  string
	State, Plan types.String
}

// PlanWorkspace makes ModifyPlan act in the workspace of the object, which is that of the plan if there is no state. It adds an error if
// this kind of server has no workspaces. It reports whether the plan moves the object to another workspace, which replaces it, so that the
// rest of the plan does not matter. Check the diagnostics after it.
func (b *ResourceBase) PlanWorkspace(
	ctx context.Context, req resource.ModifyPlanRequest, o WorkspaceObject, resp *resource.ModifyPlanResponse,
) (moves bool) {
	if !b.UseWorkspace(o.Plan, &resp.Diagnostics) || req.State.Raw.IsNull() {
		return false
	}
	b.UseStateWorkspace(o.State)
	if !b.MovesWorkspace(ctx, req.Private, o.State, o.Plan) {
		return false
	}
	if b.IsUnreviewedPlan(ctx, req.Private, o.ID) {
		resp.Diagnostics.AddAttributeError(path.Root(AttributeWorkspace), "Could not change workspace", fmt.Sprintf("%s cannot move to another "+
			"workspace. The workspace was unknown when this was planned, or the plan did not refresh the state. Nothing was changed.\n\nRun plan "+
			"again, without -refresh=false: it shows the replacement.",
			UpperFirst(o.Object)))
		return false
	}
	resp.RequiresReplace.Append(path.Root(AttributeWorkspace))
	return true
}

// IsUnreviewedPlan reports whether a plan is not shown to the user. Before it applies an update, the CLI plans it again with the values
// that were unknown. This second plan is in a run that did not refresh the object.
func (b *ResourceBase) IsUnreviewedPlan(ctx context.Context, private PrivateState, id string) bool {
	return !b.Provider.Run.IsRead(id) && MarkOf(ctx, private) != ServerMark{}
}

// CheckSameWorkspace adds an error if an update would move an object to another workspace. It returns false after an error.
func (b *ResourceBase) CheckSameWorkspace(ctx context.Context, private PrivateState, o WorkspaceObject, diags *diag.Diagnostics) bool {
	if !b.MovesWorkspace(ctx, private, o.State, o.Plan) {
		return true
	}
	diags.AddAttributeError(path.Root(AttributeWorkspace), "Could not change workspace", fmt.Sprintf("%s cannot move to another workspace. "+
		"The workspace was unknown when this was planned. Nothing was changed.\n\nRun plan again: it shows the replacement.",
		UpperFirst(o.Object)))
	return false
}
