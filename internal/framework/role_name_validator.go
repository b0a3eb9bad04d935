package framework

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server/wire"
)

// longestRoleName is in characters.
const longestRoleName = 255

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
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid role name", fmt.Sprintf("%q begins with %q, which the server keeps for the own "+
			"grants of users. To grant something to one user, use mlflow_experiment_permissions, or a role of which the user is the only member.",
			name, wire.HiddenRolePrefix))
	case utf8.RuneCountInString(name) > longestRoleName:
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid role name", fmt.Sprintf("The name has %d characters, and the maximum is %d. Use "+
			"a shorter name.",
			utf8.RuneCountInString(name), longestRoleName))
	}
}
