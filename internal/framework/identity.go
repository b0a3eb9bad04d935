package framework

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Every identity contains the experiment ID and the server, because each server has an experiment 1. The URL of a server can change, so
// identities are mutable.
const (
	IdentityExperimentID = "experiment_id"
	identityTrackingURI  = "tracking_uri"
)

// IdentitySchema returns the identity of an experiment or of an object that belongs to one. required and optional are the other attributes.
func IdentitySchema(required, optional []string) identityschema.Schema {
	attributes := map[string]identityschema.Attribute{
		identityTrackingURI: identityschema.StringAttribute{OptionalForImport: true, Description: "URL of the server. Defaults to the server " +
			"of the provider."},
		AttributeWorkspace: identityschema.StringAttribute{OptionalForImport: true, Description: "MLflow workspace. Defaults to the workspace " +
			"of the provider."},
	}
	for _, name := range append([]string{IdentityExperimentID}, required...) {
		attributes[name] = identityschema.StringAttribute{RequiredForImport: true}
	}
	for _, name := range optional {
		attributes[name] = identityschema.StringAttribute{OptionalForImport: true}
	}
	return identityschema.Schema{Attributes: attributes}
}

// SetIdentity sets the identity of a resource. Read calls it first: Terraform before 1.12 stores no identity, and a Read that removes the
// resource from the state must set one too.
func (b *ResourceBase) SetIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, values map[string]types.String) diag.Diagnostics {
	var diags diag.Diagnostics
	if identity == nil {
		return diags
	}
	for _, name := range SortedKeys(values) {
		diags.Append(identity.SetAttribute(ctx, path.Root(name), values[name])...)
	}
	if b.Client() == nil {
		return diags
	}
	// If the URL cannot be determined, the next request reports why.
	if uri, err := b.Client().TrackingURI(ctx); err == nil {
		diags.Append(identity.SetAttribute(ctx, path.Root(identityTrackingURI), uri)...)
	}
	return diags
}

// ImportIdentity returns the attributes of the identity in an import. ok is false after an error.
func (b *ResourceBase) ImportIdentity(
	ctx context.Context, req resource.ImportStateRequest, names []string, diags *diag.Diagnostics,
) (values map[string]string, ok bool) {
	values = b.ImportNamedIdentity(ctx, req, "experiment", append([]string{IdentityExperimentID, AttributeWorkspace}, names...), diags)
	return values, values != nil && b.UseWorkspace(types.StringValue(values[AttributeWorkspace]), diags)
}

// ImportedExperiment is the experiment of an import. Workspace is null if the import does not specify one.
type ImportedExperiment struct {
	ID        string
	Workspace types.String
}

// ResolveImportID returns the experiment of an import by ID, name, URL, or identity. Later operations act in its workspace.
func (b *ResourceBase) ResolveImportID(
	ctx context.Context, req resource.ImportStateRequest, diags *diag.Diagnostics,
) (e ImportedExperiment, ok bool) {
	if IsIdentityImport(req) {
		values, ok := b.ImportIdentity(ctx, req, nil, diags)
		return ImportedExperiment{values[IdentityExperimentID], OrNull(values[AttributeWorkspace])}, ok
	}
	workspace, text, err := CutImportWorkspace(req.ID)
	var ref ExperimentRef
	if err == nil {
		ref, err = parseExperimentRef(text)
	}
	if err == nil && ref.Workspace != "" && workspace != "" && ref.Workspace != workspace {
		err = fmt.Errorf("the URL is in the MLflow workspace %q, not in %q. Remove workspace=%s from the import ID", ref.Workspace, workspace,
			workspace)
	}
	if err != nil {
		diags.AddError("Invalid import ID", EndSentences(UpperFirst(err.Error())))
		return e, false
	}
	if !b.CheckImportConfigured(diags) {
		return e, false
	}
	if workspace == "" && ref.Workspace != b.Provider.Client.MLflowWorkspace() {
		workspace = ref.Workspace
	}
	e.Workspace = OrNull(workspace)
	if !b.UseWorkspace(e.Workspace, diags) {
		return e, false
	}
	e.ID, err = resolveExperimentID(ctx, b.Client(), ref)
	if err != nil {
		var advice []string
		if rest.IsNotFound(err) {
			advice = []string{"Check the name, and that the provider is configured for the server that has the experiment."}
		}
		AddError(diags, "import experiment", fmt.Sprintf("import ID %q", req.ID), err, advice...)
		return e, false
	}
	return e, true
}

// CutImportWorkspace splits an import ID such as workspace=risk,name=churn. The workspace is empty if the ID does not specify one.
func CutImportWorkspace(id string) (workspace, rest string, err error) {
	after, found := strings.CutPrefix(id, AttributeWorkspace+"=")
	if !found {
		return "", id, nil
	}
	workspace, rest, _ = strings.Cut(after, ",")
	if workspace == "" || rest == "" {
		return "", "", fmt.Errorf("%q does not specify both a workspace and an object. Use workspace=NAME,ID, where ID is the import ID of the "+
			"object in the workspace", id)
	}
	return workspace, rest, nil
}

// UseImportWorkspace makes an import act in the workspace that its ID specifies. It returns the workspace and the rest of the ID.
func (b *ResourceBase) UseImportWorkspace(id string, diags *diag.Diagnostics) (workspace types.String, rest string, ok bool) {
	name, rest, err := CutImportWorkspace(id)
	if err != nil {
		diags.AddError("Invalid import ID", EndSentences(UpperFirst(err.Error())))
		return workspace, "", false
	}
	workspace = OrNull(name)
	return workspace, rest, b.UseWorkspace(workspace, diags)
}
