package server

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
)

// The minimum and maximum length of a workspace name.
const (
	minWorkspaceName = 2
	maxWorkspaceName = 63
)

var workspacePattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// reservedWorkspaces are parts of the server's own URLs.
var reservedWorkspaces = []string{"ajax-api", "api", "static-files", "workspaces"}

// workspaceNameValidator rejects names that the server rejects, and "default", which cannot be created or deleted.
type workspaceNameValidator struct{}

// Description implements [validator.Describer].
func (workspaceNameValidator) Description(context.Context) string {
	return "the name of a workspace: 2 to 63 lowercase letters, digits, and hyphens, starting and ending with a letter or digit"
}

// MarkdownDescription implements [validator.Describer].
func (v workspaceNameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateString implements [validator.String].
func (workspaceNameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if reason := invalidWorkspaceNameReason(req.ConfigValue.ValueString()); reason != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid workspace name", reason)
	}
}

// invalidWorkspaceNameReason returns the reason why a workspace with this name cannot be managed and the next step, "" if it can.
func invalidWorkspaceNameReason(name string) string {
	switch {
	case name == mlflow.DefaultWorkspace:
		return `"default" is the workspace that every server with workspaces has. It cannot be created or deleted, so it cannot be managed ` +
			"as a resource.\n\nRemove the resource, and refer to the workspace by its name: workspace = \"default\"."
	case slices.Contains(reservedWorkspaces, name):
		return fmt.Sprintf("%q is reserved by the MLflow server. Reserved names: %s.\n\nChoose another name.",
			name, strings.Join(reservedWorkspaces, ", "))
	case len(name) < minWorkspaceName, len(name) > maxWorkspaceName:
		return fmt.Sprintf("%q has %d characters. A workspace name must have %d to %d characters.",
			name, len(name), minWorkspaceName, maxWorkspaceName)
	case !workspacePattern.MatchString(name):
		return fmt.Sprintf("%q contains characters that are not allowed. A workspace name must consist of lowercase letters, digits, and "+
			"hyphens, and must start and end with a letter or digit.", name)
	}
	return ""
}

// artifactRootValidator rejects artifact roots that the server rejects or stores with another spelling.
type artifactRootValidator struct{}

// Description implements [validator.Describer].
func (artifactRootValidator) Description(context.Context) string {
	return "an absolute URI or path, or the empty string"
}

// MarkdownDescription implements [validator.Describer].
func (v artifactRootValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateString implements [validator.String].
func (artifactRootValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	root := req.ConfigValue.ValueString()
	if root == "" {
		return
	}
	if strings.TrimSpace(root) != root {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid artifact root", fmt.Sprintf("%q starts or ends with white space.\n\nRemove it.",
			root))
		return
	}
	if err := mlflow.CheckAbsoluteLocation(root); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid artifact root", framework.UpperFirst(err.Error())+".")
	}
}
