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
)

// Every identity holds the experiment's id and the server that it is on: each server has an experiment 1. The server may be reached by
// another address one day, so identities are mutable.
const (
	IdentityExperimentID = "experiment_id"
	identityTrackingURI  = "tracking_uri"
)

// IdentitySchema is the identity of what belongs to an experiment. required and optional name further attributes.
func IdentitySchema(required, optional []string) identityschema.Schema {
	attributes := map[string]identityschema.Attribute{
		identityTrackingURI: identityschema.StringAttribute{OptionalForImport: true, Description: "Address of the server; default: the provider's."},
		AttributeWorkspace:  identityschema.StringAttribute{OptionalForImport: true, Description: "Workspace of an MLflow server; default: the provider's."},
	}
	for _, name := range append([]string{IdentityExperimentID}, required...) {
		attributes[name] = identityschema.StringAttribute{RequiredForImport: true}
	}
	for _, name := range optional {
		attributes[name] = identityschema.StringAttribute{OptionalForImport: true}
	}
	return identityschema.Schema{Attributes: attributes}
}

// SetIdentity sets an identity: in Create and Update, and in Read before anything else, since Terraform before 1.12 stores none and a Read
// that removes the resource must set one too.
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
	// When the address can't be told now, the call that follows tells why.
	if uri, err := b.Client().TrackingURI(ctx); err == nil {
		diags.Append(identity.SetAttribute(ctx, path.Root(identityTrackingURI), uri)...)
	}
	return diags
}

// ImportIdentity reads the identity that an import names instead of an id. ok is false after an error.
func (b *ResourceBase) ImportIdentity(ctx context.Context, req resource.ImportStateRequest, names []string, diags *diag.Diagnostics) (values map[string]string, ok bool) {
	values = map[string]string{}
	for _, name := range append([]string{IdentityExperimentID, identityTrackingURI, AttributeWorkspace}, names...) {
		var value types.String
		diags.Append(req.Identity.GetAttribute(ctx, path.Root(name), &value)...)
		values[name] = value.ValueString()
	}
	if diags.HasError() {
		return nil, false
	}
	if b.Client() == nil {
		diags.AddError("Could not import: the mlflow provider's configuration is not known yet", b.Provider.UnknownConfigDetail())
		return nil, false
	}
	uri, err := b.Client().TrackingURI(ctx)
	if err != nil {
		AddError(diags, "import experiment", DescribeExperiment(values[IdentityExperimentID], ""), err)
		return nil, false
	}
	if wanted := values[identityTrackingURI]; wanted != "" && !sameURL(wanted, uri) {
		diags.AddError("Could not import: another server", fmt.Sprintf("The identity names the server %s, but the provider is configured for %s. Leave tracking_uri "+
			"out if they are the same, or use the provider of that server.", wanted, uri))
		return nil, false
	}
	if !b.UseWorkspace(types.StringValue(values[AttributeWorkspace]), diags) {
		return nil, false
	}
	return values, true
}

// ImportedExperiment is the experiment that an import names. Workspace is null if it names none.
type ImportedExperiment struct {
	ID        string
	Workspace types.String
}

// ResolveImportID returns the experiment that an import names: by ID, name, URL, or identity. The operation acts in its workspace from then on.
func (b *ResourceBase) ResolveImportID(ctx context.Context, req resource.ImportStateRequest, diags *diag.Diagnostics) (e ImportedExperiment, ok bool) {
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsFullyNull() {
		values, ok := b.ImportIdentity(ctx, req, nil, diags)
		return ImportedExperiment{values[IdentityExperimentID], OrNull(values[AttributeWorkspace])}, ok
	}
	workspace, text, err := CutImportWorkspace(req.ID)
	var ref ExperimentRef
	if err == nil {
		ref, err = parseExperimentRef(text)
	}
	if err == nil && ref.Workspace != "" && workspace != "" && ref.Workspace != workspace {
		err = fmt.Errorf("the address is in the workspace %q, not in %q", ref.Workspace, workspace)
	}
	if err != nil {
		diags.AddError("Import id not understood", UpperFirst(err.Error()))
		return e, false
	}
	if b.Provider == nil || b.Provider.Client == nil {
		diags.AddError("Could not import: the mlflow provider's configuration is not known yet", b.Provider.UnknownConfigDetail())
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
		AddError(diags, "import experiment", fmt.Sprintf("%q", req.ID), err)
		return e, false
	}
	return e, true
}

// CutImportWorkspace splits an import ID such as workspace=risk,name=churn. The workspace is empty if the ID names none.
func CutImportWorkspace(id string) (workspace, rest string, err error) {
	after, found := strings.CutPrefix(id, AttributeWorkspace+"=")
	if !found {
		return "", id, nil
	}
	workspace, rest, _ = strings.Cut(after, ",")
	if workspace == "" || rest == "" {
		return "", "", fmt.Errorf("%q lacks the name of the workspace, or what is in it. Write workspace=NAME, a comma, and the ID that would do without it", id)
	}
	return workspace, rest, nil
}

// UseImportWorkspace makes an import act in the workspace that its ID names, and returns that and the rest of the ID.
func (b *ResourceBase) UseImportWorkspace(id string, diags *diag.Diagnostics) (workspace types.String, rest string, ok bool) {
	name, rest, err := CutImportWorkspace(id)
	if err != nil {
		diags.AddError("Import id not understood", UpperFirst(err.Error())+".")
		return workspace, "", false
	}
	workspace = OrNull(name)
	return workspace, rest, b.UseWorkspace(workspace, diags)
}
