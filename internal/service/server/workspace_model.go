package server

import (
	"cmp"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// deletionDeleteIfEmpty is a value of deletion_policy.
const deletionDeleteIfEmpty = "delete_if_empty"

// workspaceModel is the model of mlflow_workspace.
type workspaceModel struct {
	ID                  types.String `tfsdk:"id"`
	Name                types.String `tfsdk:"name"`
	Description         types.String `tfsdk:"description"`
	DefaultArtifactRoot types.String `tfsdk:"default_artifact_root"`
	AdoptExisting       types.Bool   `tfsdk:"adopt_existing"`
	DeletionPolicy      types.String `tfsdk:"deletion_policy"`
}

// deletionPolicy returns the deletion policy, with its default.
func (m *workspaceModel) deletionPolicy() string {
	return cmp.Or(m.DeletionPolicy.ValueString(), deletionDeleteIfEmpty)
}

func (m *workspaceModel) identity() map[string]types.String {
	return map[string]types.String{"name": m.Name}
}

// object describes the workspace in messages.
func (m *workspaceModel) object() string { return describeWorkspace(m.Name.ValueString()) }

// describeWorkspace describes a workspace in messages.
func describeWorkspace(name string) string { return fmt.Sprintf("MLflow workspace %q", name) }

// declared returns the declared workspace.
func (m *workspaceModel) declared() mlflowserver.Workspace {
	return mlflowserver.Workspace{
		Name: m.Name.ValueString(), Description: m.Description.ValueString(), DefaultArtifactRoot: m.DefaultArtifactRoot.ValueString(),
	}
}

// refresh updates the model from the server. It keeps null and the empty string, which the server does not distinguish.
func (m *workspaceModel) refresh(w mlflowserver.Workspace) {
	m.ID, m.Name = types.StringValue(w.Name), types.StringValue(w.Name)
	m.Description = refreshText(m.Description, w.Description)
	m.DefaultArtifactRoot = refreshText(m.DefaultArtifactRoot, w.DefaultArtifactRoot)
}

func refreshText(state types.String, server string) types.String {
	if state.ValueString() == server {
		return state
	}
	return framework.OrNull(server)
}
