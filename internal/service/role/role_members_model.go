package role

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// The attributes at which diagnostics about members are reported.
const (
	attributeUser  = "user"
	attributeUsers = "users"
)

// roleMembersModel is the model of mlflow_role_members.
type roleMembersModel struct {
	ID        types.String `tfsdk:"id"`
	Workspace types.String `tfsdk:"workspace"`
	Role      types.String `tfsdk:"role"`
	Users     types.Set    `tfsdk:"users"`
}

// isImported reports whether the model comes from an import and was not read yet.
func (m *roleMembersModel) isImported() bool { return m.ID.IsNull() }

func (m *roleMembersModel) identity(client *mlflow.Client) map[string]types.String {
	return withWorkspace(client, m.Workspace, map[string]types.String{attributeRole: m.Role})
}

// setID sets the ID, to unknown if one of its parts is unknown.
func (m *roleMembersModel) setID(client *mlflow.Client) {
	m.ID = joinID(workspaceName(client, m.Workspace), m.Role)
}

// users returns the declared members that are known, in alphabetical order.
func (m *roleMembersModel) users() []string {
	var users []string
	for _, element := range m.Users.Elements() {
		if user, ok := element.(types.String); ok && !user.IsUnknown() && !user.IsNull() {
			users = append(users, user.ValueString())
		}
	}
	slices.Sort(users)
	return users
}

// isKnown reports whether all declared members are known.
func (m *roleMembersModel) isKnown() bool {
	return !m.Users.IsUnknown() && !slices.ContainsFunc(m.Users.Elements(), func(element attr.Value) bool { return element.IsUnknown() })
}

// setUsers sets the members.
func (m *roleMembersModel) setUsers(users []string) {
	elements := make([]attr.Value, 0, len(users))
	for _, user := range users {
		elements = append(elements, types.StringValue(user))
	}
	m.Users = types.SetValueMust(types.StringType, elements)
}

// roleMemberModel is the model of mlflow_role_member.
type roleMemberModel struct {
	ID        types.String `tfsdk:"id"`
	Workspace types.String `tfsdk:"workspace"`
	Role      types.String `tfsdk:"role"`
	User      types.String `tfsdk:"user"`
}

// isImported reports whether the model comes from an import and was not read yet.
func (m *roleMemberModel) isImported() bool { return m.ID.IsNull() }

func (m *roleMemberModel) identity(client *mlflow.Client) map[string]types.String {
	return withWorkspace(client, m.Workspace, map[string]types.String{attributeRole: m.Role, attributeUser: m.User})
}

// setID sets the ID, to unknown if one of its parts is unknown.
func (m *roleMemberModel) setID(client *mlflow.Client) {
	m.ID = joinID(workspaceName(client, m.Workspace), m.Role, m.User)
}

// sameMember reports whether two models have the same role and user.
func (m *roleMemberModel) sameMember(o *roleMemberModel) bool {
	return m.Role.Equal(o.Role) && m.User.Equal(o.User)
}
