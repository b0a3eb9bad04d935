package server

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"

	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// userModel is the model of mlflow_user. The password is set only in configurations, and null in plans and states.
type userModel struct {
	ID                types.String `tfsdk:"id"`
	Username          types.String `tfsdk:"username"`
	Password          types.String `tfsdk:"password_wo"`
	PasswordWOVersion types.Int64  `tfsdk:"password_wo_version"`
	Admin             types.Bool   `tfsdk:"admin"`
	AdoptExisting     types.Bool   `tfsdk:"adopt_existing"`
	DeletionPolicy    types.String `tfsdk:"deletion_policy"`
}

func (m *userModel) identity() map[string]types.String {
	return map[string]types.String{attributeUsername: m.Username}
}

// name returns the username, "" while it is unknown.
func (m *userModel) name() string { return m.Username.ValueString() }

// object describes the user in messages.
func (m *userModel) object() string { return describeUser(m.name()) }

// isRetained reports whether a destroy leaves the account on the server.
func (m *userModel) isRetained() bool { return m.DeletionPolicy.ValueString() == deletionRetain }

// refresh updates the model from the server.
func (m *userModel) refresh(u mlflowserver.User) {
	m.ID, m.Username, m.Admin = types.StringValue(u.Name), types.StringValue(u.Name), types.BoolValue(u.Admin)
}

// setsPassword reports whether a plan sets the password of an account in the state. Removing the version does not.
func (m *userModel) setsPassword(state *userModel) bool {
	return !m.PasswordWOVersion.IsNull() && !m.PasswordWOVersion.Equal(state.PasswordWOVersion)
}

// describeUser describes a user in messages.
func describeUser(name string) string { return fmt.Sprintf("user %q", name) }
