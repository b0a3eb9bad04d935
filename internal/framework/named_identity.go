package framework

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// NamedIdentitySchema returns the identity of an object that does not belong to an experiment, such as a user: attributes that identify it,
// and the server.
func NamedIdentitySchema(required, optional []string) identityschema.Schema {
	attributes := map[string]identityschema.Attribute{
		identityTrackingURI: identityschema.StringAttribute{OptionalForImport: true, Description: "URL of the server. Defaults to the " +
			"server of the provider."},
	}
	for _, name := range required {
		attributes[name] = identityschema.StringAttribute{RequiredForImport: true}
	}
	for _, name := range optional {
		attributes[name] = identityschema.StringAttribute{OptionalForImport: true}
	}
	return identityschema.Schema{Attributes: attributes}
}

// IsIdentityImport reports whether an import specifies an identity instead of an ID.
func IsIdentityImport(req resource.ImportStateRequest) bool {
	return req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsFullyNull()
}

// ImportNamedIdentity returns the attributes of the identity in an import, including empty ones, after it checked the server. noun is the
// noun for the object in messages. It returns nil after an error.
func (b *ResourceBase) ImportNamedIdentity(
	ctx context.Context, req resource.ImportStateRequest, noun string, names []string, diags *diag.Diagnostics,
) map[string]string {
	values := map[string]string{}
	for _, name := range append([]string{identityTrackingURI}, names...) {
		var value types.String
		diags.Append(req.Identity.GetAttribute(ctx, path.Root(name), &value)...)
		values[name] = value.ValueString()
	}
	if diags.HasError() || !b.CheckImportConfigured(diags) {
		return nil
	}
	uri, err := b.Client().TrackingURI(ctx)
	if err != nil {
		object := noun
		if id := values[IdentityExperimentID]; id != "" {
			object = DescribeExperiment(id, "")
		}
		AddError(diags, "import "+noun, object, err)
		return nil
	}
	if wanted := values[identityTrackingURI]; wanted != "" && !sameURL(wanted, uri) {
		diags.AddError("Could not import: different server", fmt.Sprintf("The identity contains the server %s, but the provider is configured "+
			"for %s.\n\nIf they are the same server, remove tracking_uri from the identity. Otherwise, use the provider configuration of that "+
			"server.", wanted, uri))
		return nil
	}
	return values
}

// CheckImportConfigured reports whether the provider configuration is known. If not, it adds an error to the import.
func (b *ResourceBase) CheckImportConfigured(diags *diag.Diagnostics) bool {
	if b.Client() != nil {
		return true
	}
	diags.AddError("Could not import: provider configuration is unknown", b.Provider.UnknownConfigDetail())
	return false
}
