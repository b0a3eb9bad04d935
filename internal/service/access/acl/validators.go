package acl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// principalsValidator checks the names and levels in a map of one kind of principals.
type principalsValidator struct{ kind mlflow.PrincipalKind }

func (v principalsValidator) Description(context.Context) string {
	return "keys must name a " + framework.KindNoun(v.kind) + ", values must be permission levels"
}

func (v principalsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v principalsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, name := range framework.SortedKeys(elements) {
		at := req.Path.AtMapKey(name)
		level, _ := elements[name].(types.String)
		if level.IsNull() {
			continue // ignored
		}
		if reason := v.invalidNameReason(name); reason != "" {
			resp.Diagnostics.AddAttributeError(at, "Invalid principal", reason)
			continue
		}
		warnPrincipalName(&resp.Diagnostics, at, mlflow.Principal{Kind: v.kind, Name: name})
		framework.CheckLevel(&resp.Diagnostics, at, level)
	}
}

// warnPrincipalName reports a name that looks like one of another kind. It is only a warning: a role of an MLflow server can have any name.
func warnPrincipalName(diags *diag.Diagnostics, at path.Path, p mlflow.Principal) {
	switch {
	case p.Kind == mlflow.KindServicePrincipal && !databricks.IsApplicationID(p.Name):
		diags.AddAttributeWarning(at, "Name is not an application ID", fmt.Sprintf("%q is not a UUID. Use the application ID of the "+
			"service principal, for example \"6f1c2a34-5b67-4c89-9d01-23456789abcd\", not its display name.", p.Name))
	case p.Kind == mlflow.KindGroup && databricks.IsEmail(p.Name):
		diags.AddAttributeWarning(at, "Group is named like a user", fmt.Sprintf("%q is an email. To grant the level to the user, "+
			"declare the email under users, or as user_name.", p.Name))
	}
}

// PrincipalNameValidator warns if the value of an attribute looks like the name of a principal of another kind.
type PrincipalNameValidator struct{ Kind mlflow.PrincipalKind }

// Description implements [validator.Describer].
func (v PrincipalNameValidator) Description(context.Context) string {
	return "must name a " + framework.KindNoun(v.Kind)
}

// MarkdownDescription implements [validator.Describer].
func (v PrincipalNameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateString implements [validator.String].
func (v PrincipalNameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if name := req.ConfigValue; name.ValueString() != "" {
		warnPrincipalName(&resp.Diagnostics, req.Path, mlflow.Principal{Kind: v.Kind, Name: name.ValueString()})
	}
}

// invalidNameReason returns the reason why a name is invalid, "" if it is valid.
func (v principalsValidator) invalidNameReason(name string) string {
	if strings.TrimSpace(name) == "" {
		return fmt.Sprintf("The name of the %s is empty. Set it, or remove the entry.", framework.KindNoun(v.kind))
	}
	return ""
}

// CheckGrant rejects a principal that the server does not support, at the path principal, and reports a level that is not a known one, at
// the path level, as a warning: a newer server can have more levels.
func CheckGrant(diags *diag.Diagnostics, client *mlflow.Client, known []string, g mlflow.Grant, principal, level path.Path) {
	if err := client.CheckPrincipal(g.Principal); err != nil {
		diags.AddAttributeError(principal, "Invalid principal", framework.UpperFirst(err.Error())+".")
	}
	if g.Level != "" && !slices.Contains(known, g.Level) {
		diags.AddAttributeWarning(level, "Unknown permission level", fmt.Sprintf("%q is not a known permission level of %s (%s). It is "+
			"sent unchanged, and the server may reject it.", g.Level, client.BackendName(), strings.Join(known, ", ")))
	}
}
