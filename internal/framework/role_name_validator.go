package framework

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// maxRoleName is the maximum length of a role name, in characters.
const maxRoleName = 255

// RoleNameValidator checks the name of a role.
type RoleNameValidator struct{}

// Description implements [validator.Describer].
func (RoleNameValidator) Description(context.Context) string { return "must be the name of a role" }

// MarkdownDescription implements [validator.Describer].
func (v RoleNameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (RoleNameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	switch name := req.ConfigValue.ValueString(); {
	case strings.TrimSpace(name) == "":
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid role name", "The name is empty. Use the name of a role.")
	case strings.HasPrefix(name, wire.HiddenRolePrefix):
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid role name", fmt.Sprintf("%q starts with %q, which the server reserves for grants "+
			"to single users. To grant a permission to one user, use mlflow_experiment_permissions, or a role with this user as the only member.",
			name, wire.HiddenRolePrefix))
	case utf8.RuneCountInString(name) > maxRoleName:
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid role name", fmt.Sprintf("The name has %d characters. The maximum is %d.",
			utf8.RuneCountInString(name), maxRoleName))
	}
}
