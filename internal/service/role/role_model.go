package role

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// The attributes that name a role.
const (
	attributeName = "name"
	attributeRole = "role"
)

// roleModel is the model of mlflow_role.
type roleModel struct {
	ID            types.String `tfsdk:"id"`
	Workspace     types.String `tfsdk:"workspace"`
	Name          types.String `tfsdk:"name"`
	Description   types.String `tfsdk:"description"`
	Grants        types.Map    `tfsdk:"grants"`
	AdoptExisting types.Bool   `tfsdk:"adopt_existing"`
}

// isImported reports whether the model comes from an import and was not read yet.
func (m *roleModel) isImported() bool { return m.ID.IsNull() }

// identity returns the identity of the role.
func (m *roleModel) identity(client *mlflow.Client) map[string]types.String {
	return withWorkspace(client, m.Workspace, map[string]types.String{attributeName: m.Name})
}

// setID sets the ID, to unknown if one of its parts is unknown.
func (m *roleModel) setID(client *mlflow.Client) {
	m.ID = joinID(workspaceName(client, m.Workspace), m.Name)
}

// keepEquivalent keeps the description of the state if both are empty or null.
func (m *roleModel) keepEquivalent(state *roleModel) {
	if !m.Description.IsUnknown() && m.Description.ValueString() == "" && state.Description.ValueString() == "" {
		m.Description = state.Description
	}
}

// refresh updates the model from the server.
func (m *roleModel) refresh(client *mlflow.Client, role mlflowserver.Role) {
	if role.Description != "" || m.Description.ValueString() != "" {
		m.Description = framework.OrNull(role.Description)
	}
	m.setGrants(managedGrants(role, declaredGrants(m.Grants), m.isImported()))
	m.setID(client)
}

// setGrants sets the map of grants. It keeps entries with a null level, and a null map if there are no grants.
func (m *roleModel) setGrants(levels map[string]string) {
	elements := map[string]attr.Value{}
	for key, level := range m.Grants.Elements() {
		if level.IsNull() {
			elements[key] = level
		}
	}
	for key, level := range levels {
		elements[key] = types.StringValue(level)
	}
	if len(elements) == 0 && m.Grants.IsNull() {
		return
	}
	m.Grants = types.MapValueMust(types.StringType, elements)
}

// object describes the role in messages.
func (m *roleModel) object(client *mlflow.Client) string {
	return describeRole(workspaceName(client, m.Workspace).ValueString(), m.Name.ValueString())
}

// describeRole describes a role in messages.
func describeRole(workspace, name string) string {
	if workspace == "" || workspace == mlflow.DefaultWorkspace {
		return fmt.Sprintf("role %q", name)
	}
	return fmt.Sprintf("role %q in workspace %q", name, workspace)
}

// withWorkspace adds the workspace to an identity, unless it is unknown because the provider is not configured.
func withWorkspace(client *mlflow.Client, argument types.String, identity map[string]types.String) map[string]types.String {
	if workspace := workspaceName(client, argument); !workspace.IsUnknown() {
		identity[framework.AttributeWorkspace] = workspace
	}
	return identity
}

// workspaceName returns the workspace of an object: its argument, or the workspace of the client. It is unknown if neither is known.
func workspaceName(client *mlflow.Client, argument types.String) types.String {
	switch {
	case argument.IsUnknown() || argument.ValueString() != "":
		return argument
	case client == nil:
		return types.StringUnknown()
	default:
		return types.StringValue(client.MLflowWorkspace())
	}
}

// joinID joins the parts of an ID. The ID is unknown if one of them is.
func joinID(parts ...types.String) types.String {
	var texts []string
	for _, part := range parts {
		if part.IsUnknown() {
			return types.StringUnknown()
		}
		texts = append(texts, part.ValueString())
	}
	return types.StringValue(strings.Join(texts, "/"))
}
