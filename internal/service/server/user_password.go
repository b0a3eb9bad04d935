package server

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	mlflowserver "github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/server"
)

// minPasswordLength is the minimum length of a password in MLflow 2.22 and newer.
const minPasswordLength = 12

// passwordOf returns the password of a configuration. No message contains it.
func passwordOf(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) types.String {
	var password types.String
	diags.Append(config.GetAttribute(ctx, path.Root(attributePassword), &password)...)
	return password
}

// checkPassword rejects a password that is too short. Servers before 2.22 can accept it; they do not list users, so only servers that do
// are newer for certain.
func checkPassword(ctx context.Context, d *mlflowserver.Directory, name string, password types.String, diags *diag.Diagnostics) {
	length := utf8.RuneCountInString(password.ValueString())
	if password.IsNull() || password.IsUnknown() || length >= minPasswordLength {
		return
	}
	if _, err := d.Users(ctx); err != nil {
		return
	}
	diags.AddAttributeError(path.Root(attributePassword), "Invalid password", fmt.Sprintf("The password of %s has %d characters. "+
		"MLflow 2.22 and newer require at least %d.\n\nSet password_wo to a longer password.", describeUser(name), length, minPasswordLength))
}

// addPasswordMissingError reports that there is no password to create an account with. isMissing means that the account is known not to
// exist.
func addPasswordMissingError(diags *diag.Diagnostics, name string, isMissing bool) {
	reason, check := "cannot be created without a password", ""
	if isMissing {
		reason, check = "does not exist, and cannot be created without a password", "check the username. To create the account, "
	}
	diags.AddAttributeError(path.Root(attributePassword), "Could not create user", fmt.Sprintf("%s %s, and password_wo is not set. "+
		"Nothing was created.\n\n%s, for example from a variable with ephemeral = true. It "+
		"is a write-only argument, which requires Terraform 1.11 or OpenTofu 1.11. With an older version, create the account outside Terraform "+
		"and import it.", framework.UpperFirst(describeUser(name)), reason, framework.UpperFirst(check+"set password_wo")))
}

// addNoNewPasswordError reports that the version of the password changes without a password.
func addNoNewPasswordError(diags *diag.Diagnostics, name string) {
	diags.AddAttributeError(path.Root(attributePasswordVersion), "Could not set password", fmt.Sprintf("%s: password_wo_version "+
		"changes, which sets the password, but password_wo is not set. Nothing was changed.\n\nSet password_wo, or do not change "+
		"password_wo_version.", framework.UpperFirst(describeUser(name))))
}
