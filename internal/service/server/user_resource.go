package server

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

var (
	_ resource.ResourceWithConfigure      = (*userResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*userResource)(nil)
	_ resource.ResourceWithImportState    = (*userResource)(nil)
	_ resource.ResourceWithIdentity       = (*userResource)(nil)
	_ resource.ResourceWithValidateConfig = (*userResource)(nil)
)

// The attributes at which diagnostics are reported.
const (
	attributeUsername        = "username"
	attributePassword        = "password_wo"
	attributePasswordVersion = "password_wo_version"
	attributeAdmin           = "admin"
)

// kindUser is the kind of a user in [framework.RunState.ObjectLock].
const kindUser = "user"

// adminAdvice is the advice for an identity that may not manage users.
const adminAdvice = "Only a server admin can manage users. Configure the provider with the username and password of a server admin, or " +
	"have one make the account of the provider a server admin."

// userResource manages an account of an MLflow server.
type userResource struct{ framework.ResourceBase }

// NewUserResource returns the resource mlflow_user.
func NewUserResource() resource.Resource { return &userResource{} }

// Metadata implements [resource.Resource].
func (r *userResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_user"
	resp.ResourceBehavior.MutableIdentity = true
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *userResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = framework.NamedIdentitySchema([]string{attributeUsername}, nil)
}

// Schema implements [resource.Resource].
func (r *userResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a user account of an MLflow server that runs with authentication (`mlflow server --app-name " +
			"basic-auth`). Requires a server admin. Not supported on Databricks; use `databricks_user` or " +
			"`databricks_service_principal` of the Databricks provider.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "ID of the user: the username."},
			attributeUsername: schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 255)},
				MarkdownDescription: "Username, case-sensitive, at most 255 characters. Changing it **forces replacement, which " +
					"deletes the account with its permissions and role memberships**.",
			},
			attributePassword: schema.StringAttribute{
				Optional: true, Sensitive: true, WriteOnly: true,
				MarkdownDescription: "Password, at least 12 characters on MLflow 2.22 and newer. Write-only: never stored in the plan or " +
					"the state. Requires Terraform 1.11 or OpenTofu 1.11. Required to create an account. To set it again later, change " +
					"`password_wo_version`.",
			},
			attributePasswordVersion: schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Version of the password, any number. Setting or changing it sets the password to `password_wo`, " +
					"also on the first apply after an import. Removing it does not change the password.",
			},
			attributeAdmin: schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Make the user a server admin, with full access to the server. Cannot be `false` for the account " +
					"that the provider uses or for the last server admin. Updated in place. Defaults to `false`.",
			},
			"adopt_existing": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Adopt an account that already has this username instead of failing. `admin` is set to the " +
					"declared value, and the password is set if `password_wo` is set; everything else is unchanged. Used only on " +
					"create. Defaults to `false`.",
			},
			"deletion_policy": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf(deletionDelete, deletionRetain)},
				MarkdownDescription: "Action on destroy: `delete` deletes the account with its permissions and role memberships; " +
					"`retain` only removes it from the state. Destroy uses the value in the state: apply a new value first. The " +
					"provider never deletes its own account or the last server admin. Defaults to `delete`.",
			},
		},
	}
}

// ValidateConfig implements [resource.ResourceWithValidateConfig]. No message contains the password.
func (r *userResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var password types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(attributePassword), &password)...)
	if !password.IsNull() && !password.IsUnknown() && password.ValueString() == "" {
		resp.Diagnostics.AddAttributeError(path.Root(attributePassword), "Invalid password", "The password is empty.\n\nSet "+
			"password_wo to a password of at least 12 characters, or remove it to keep the password of an existing account.")
	}
}

// Read implements [resource.Resource].
func (r *userResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state userModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(r.SetIdentity(ctx, resp.Identity, state.identity())...)
	if resp.Diagnostics.HasError() || r.KeepStateIfUnconfigured(&resp.Diagnostics) ||
		!r.CheckServerURL(ctx, req.Private, "read user", state.object(), &resp.Diagnostics) {
		return
	}
	d := framework.Directory(r.Client(), "users", &resp.Diagnostics)
	if d == nil {
		return
	}
	u, err := d.User(ctx, state.name())
	switch {
	case rest.IsNotFound(err):
		resp.Diagnostics.AddWarning("User not found, removed from state", fmt.Sprintf("%s was deleted outside Terraform. If it is "+
			"still in the configuration, the next apply creates a new account with the password in password_wo, without the permissions and "+
			"role memberships of the old one.", framework.UpperFirst(state.object())))
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		framework.AddDirectoryError(&resp.Diagnostics, "read user", state.object(), err, adminAdvice)
		return
	}
	r.markRefreshed(state)
	state.refresh(u)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(framework.StorePlanToken(ctx, resp.Private)...)
	resp.Diagnostics.Append(r.StoreServer(ctx, resp.Private)...)
}

// markRefreshed records that this run refreshed an account.
func (r *userResource) markRefreshed(state userModel) {
	lock := r.Provider.Run.ObjectLock(kindUser, state.name())
	lock.Lock()
	defer lock.Unlock()
	lock.Refreshed = true
}

// ImportState implements [resource.ResourceWithImportState]. It accepts a username or an identity.
func (r *userResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name := req.ID
	if framework.IsIdentityImport(req) {
		name = r.ImportNamedIdentity(ctx, req, "user", []string{attributeUsername}, &resp.Diagnostics)[attributeUsername]
	}
	if resp.Diagnostics.HasError() || !r.CheckImportConfigured(&resp.Diagnostics) {
		return
	}
	d := framework.Directory(r.Client(), "users", &resp.Diagnostics)
	if d == nil {
		return
	}
	_, err := d.User(ctx, name)
	switch {
	case rest.IsNotFound(err):
		resp.Diagnostics.AddError("Could not import user", fmt.Sprintf("%s was not found.\n\nCheck the username, which is "+
			"case-sensitive, and that the provider is configured for the server that has the account. To create the account, remove the import "+
			"block.", framework.UpperFirst(describeUser(name))))
		return
	case err != nil:
		framework.AddDirectoryError(&resp.Diagnostics, "import user", describeUser(name), err, adminAdvice)
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attributeUsername), name)...)
}
