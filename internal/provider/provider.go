// Package provider is the Terraform provider for MLflow experiments, their tags and their permissions.
package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/access"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/experiment"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/governance"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/role"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/run"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/server"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/service/tag"
)

var (
	_ provider.ProviderWithFunctions     = (*mlflowProvider)(nil)
	_ provider.ProviderWithListResources = (*mlflowProvider)(nil)
	_ provider.ProviderWithActions       = (*mlflowProvider)(nil)
)

type mlflowProvider struct {
	version string
}

// New returns the provider's constructor, as providerserver and the test library want it. The version is sent to the server.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &mlflowProvider{version: version} }
}

func (p *mlflowProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "mlflow"
	resp.Version = p.version
}

func (p *mlflowProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages MLflow experiments, their tags and their permissions, on Databricks and on open-source MLflow servers.",
		Attributes:          providerAttributes(),
	}
}

func (p *mlflowProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		experiment.NewExperimentResource,
		tag.NewExperimentTagResource,
		access.NewExperimentPermissionsResource,
		access.NewFolderPermissionsResource,
		access.NewExperimentPermissionResource,
		role.NewRoleMemberResource,
		role.NewRoleMembersResource,
		role.NewRoleResource,
		server.NewUserResource,
		server.NewWorkspaceResource,
	}
}

func (p *mlflowProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		experiment.NewExperimentDataSource,
		experiment.NewExperimentsDataSource,
		access.NewExperimentPermissionsDataSource,
		access.NewFolderPermissionsDataSource,
		governance.NewPermissionReviewDataSource,
		governance.NewPrincipalsDataSource,
		access.NewPermissionLevelsDataSource,
		access.NewCurrentUserDataSource,
		run.NewRunsDataSource,
		run.NewRunDataSource,
		run.NewRunArtifactsDataSource,
		role.NewRolesDataSource,
		server.NewUsersDataSource,
		server.NewWorkspacesDataSource,
	}
}

func (p *mlflowProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{experiment.NewExperimentList, access.NewExperimentPermissionsList, access.NewFolderPermissionsList}
}

func (p *mlflowProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{}
}

func (p *mlflowProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		experiment.NewParseExperimentURLFunction,
		governance.NewPermissionMatrixFunction,
		governance.NewEffectiveAccessFunction,
		governance.NewReviewSnapshotFunction,
		governance.NewReviewDiffFunction,
		governance.NewReviewDecisionsFunction,
	}
}

// providerAttributes describes the provider block.
func providerAttributes() map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for _, part := range []map[string]schema.Attribute{serverAttributes(), databricksAttributes(), tlsAttributes(), behaviourAttributes()} {
		maps.Copy(all, part)
	}
	return all
}

func text(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description}
}

func secret(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: description}
}

func serverAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"tracking_uri": text("Where the tracking server is: `https://mlflow.example.com` for an open-source MLflow server, `databricks` or " +
			"`databricks://PROFILE` for a Databricks workspace. Default: `MLFLOW_TRACKING_URI`. Leave it out when `host` or `profile` is set."),
		"username": text("User name for an MLflow server with basic authentication. Default: `MLFLOW_TRACKING_USERNAME`, then " +
			"`~/.mlflow/credentials`."),
		"password": secret("Password for an MLflow server with basic authentication. Default: `MLFLOW_TRACKING_PASSWORD`, then " +
			"`~/.mlflow/credentials`."),
		"workspace": text("Workspace of an MLflow server (3.10 and newer, started with `--enable-workspaces`). Default: `MLFLOW_WORKSPACE`, " +
			"else the server's own default. Has nothing to do with Databricks workspaces."),
	}
}

func databricksAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": text("URL of the Databricks workspace. Default: `DATABRICKS_HOST`, then the profile."),
		"token": secret("Databricks personal access token (default `DATABRICKS_TOKEN`), or bearer token for an MLflow server (default " +
			"`MLFLOW_TRACKING_TOKEN`). Setting it here silences other credentials in the environment."),
		"profile": text("Profile of the Databricks configuration file. Default: `DATABRICKS_CONFIG_PROFILE`. Its values win over " +
			"`DATABRICKS_*` variables when it is set here."),
		"config_file": text("Path of the Databricks configuration file. Default: `DATABRICKS_CONFIG_FILE`, then `~/.databrickscfg`."),
		"auth_type": text("Authentication method to use when several are possible, such as `pat`, `oauth-m2m`, `databricks-cli`, " +
			"`github-oidc`, `env-oidc`, `file-oidc`, `azure-cli`, `azure-client-secret`, `azure-msi`, `google-id`. Default: " +
			"`DATABRICKS_AUTH_TYPE`, else the first that fits."),
		"client_id": text("Application id of the service principal, for OAuth and workload identity federation. Default: " +
			"`DATABRICKS_CLIENT_ID`."),
		"client_secret": secret("OAuth secret of the service principal. Default: `DATABRICKS_CLIENT_SECRET`."),
		"account_id":    text("Databricks account id; only needed where the host serves several accounts. Default: `DATABRICKS_ACCOUNT_ID`."),
		"workspace_id": text("Databricks workspace id; needed on hosts that serve several workspaces, and used in links. Default: " +
			"`DATABRICKS_WORKSPACE_ID`, else what the host says."),
		"audience": text("Audience of the token that is exchanged in workload identity federation. Default: `DATABRICKS_TOKEN_AUDIENCE`."),
		"oidc_token_env": text("Name of the environment variable that holds the OIDC token, for `env-oidc`. Default: " +
			"`DATABRICKS_OIDC_TOKEN_ENV`, else `DATABRICKS_OIDC_TOKEN`."),
		"databricks_id_token_filepath": text("Path of the file that holds the OIDC token, for `file-oidc`. Default: " +
			"`DATABRICKS_OIDC_TOKEN_FILEPATH`."),
		"databricks_cli_path": text("Path of the Databricks CLI, for `databricks-cli`. Default: `DATABRICKS_CLI_PATH`, else looked up in " +
			"`PATH`."),
		"metadata_service_url": secret("URL of a local metadata service that hands out tokens. Default: " +
			"`DATABRICKS_METADATA_SERVICE_URL`."),
		"actions_id_token_request_url":   text("URL to request GitHub's OIDC token from. GitHub sets it: `ACTIONS_ID_TOKEN_REQUEST_URL`."),
		"actions_id_token_request_token": secret("Token to request GitHub's OIDC token with. GitHub sets it: `ACTIONS_ID_TOKEN_REQUEST_TOKEN`."),
		"azure_workspace_resource_id": text("Azure resource id of the workspace; the host is looked up from it. Default: " +
			"`DATABRICKS_AZURE_RESOURCE_ID`."),
		"azure_client_id":     text("Client id of the Azure service principal or managed identity. Default: `ARM_CLIENT_ID`."),
		"azure_client_secret": secret("Client secret of the Azure service principal. Default: `ARM_CLIENT_SECRET`."),
		"azure_tenant_id":     text("Azure tenant id. Default: `ARM_TENANT_ID`."),
		"azure_environment":   text("Azure cloud: `public`, `usgovernment` or `china`. Default: `ARM_ENVIRONMENT`, else told by the host."),
		"azure_use_msi": schema.BoolAttribute{Optional: true, MarkdownDescription: "Use the managed identity of the Azure machine. Default: " +
			"`ARM_USE_MSI`."},
		"google_service_account": text("Google service account to impersonate. Default: `DATABRICKS_GOOGLE_SERVICE_ACCOUNT`."),
		"google_credentials":     secret("Google service account key, as JSON or the path of a file. Default: `GOOGLE_CREDENTIALS`."),
	}
}

func tlsAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"ca_cert_file": text("PEM file with certificate authorities to trust besides the system's, for servers with a private CA. Default: " +
			"`MLFLOW_TRACKING_SERVER_CERT_PATH`."),
		"client_cert_file": text("PEM file with a client certificate and its key, for servers that ask for one. Default: " +
			"`MLFLOW_TRACKING_CLIENT_CERT_PATH`."),
		"skip_verify": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Accept any server certificate: whoever stands in between can read the credentials. Default: `false`, or " +
				"`MLFLOW_TRACKING_INSECURE_TLS`.",
		},
	}
}

func behaviourAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"default_tags": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "Tags for every `mlflow_experiment` of this provider, under each experiment's own `tags`: a key there wins. A " +
				"changed default shows up in each experiment's `tags_all`. A tag whose value is null counts as absent. Default: none.",
			Validators: []validator.Map{framework.TagsValidator{}},
		},
		"http_timeout_seconds": schema.Int64Attribute{
			Optional: true, MarkdownDescription: "How long one request may take, in seconds. Default: `60`.",
			Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"retry_timeout_seconds": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "How long one call is tried again while the server is busy, failing or unreachable, in seconds. Default: " +
				"`300`. A smaller value fails sooner.",
			Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"bulk_refresh": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether a refresh may read experiments and their tags by the page, 1,000 in one call, instead of one by one. " +
				"It begins after a few reads, so a small plan never lists a big workspace, and whatever differs from the state is read again " +
				"directly before it is believed. Default: `true` on an MLflow server; `false` on Databricks, where nobody says how fresh a search " +
				"is: with `true`, a change made seconds ago could show up one plan later.",
		},
		"rate_limit": schema.Float64Attribute{
			Optional: true,
			MarkdownDescription: "At most so many requests a second. Default: no limit; when the server answers that there are too many, the " +
				"provider slows down by itself.",
			Validators: []validator.Float64{float64validator.AtLeast(0.1)},
		},
	}
}
