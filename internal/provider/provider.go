// Package provider implements the Terraform provider for MLflow experiments, their tags, and their permissions.
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

// New returns the constructor of the provider. Requests contain the version in the user agent.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &mlflowProvider{version: version} }
}

func (p *mlflowProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "mlflow"
	resp.Version = p.version
}

func (p *mlflowProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages MLflow experiments, their tags, and their permissions, on Databricks and on open-source MLflow servers.",
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
	return []func() action.Action{run.NewDeleteRunsAction, run.NewRestoreRunsAction, run.NewSetRunTagsAction, run.NewRestoreExperimentAction}
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

// providerAttributes returns the schema of the provider block.
func providerAttributes() map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for _, part := range []map[string]schema.Attribute{serverAttributes(), databricksAttributes(), tlsAttributes(), behaviorAttributes()} {
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
		"tracking_uri": text("URI of the tracking server: `https://mlflow.example.com` for an MLflow server, `databricks` or " +
			"`databricks://PROFILE` for a Databricks workspace. Omit it if `host` or `profile` is set. Can also be set with the " +
			"`MLFLOW_TRACKING_URI` environment variable."),
		"username": text("Username for an MLflow server with basic authentication. Can also be set with the `MLFLOW_TRACKING_USERNAME` " +
			"environment variable or in `~/.mlflow/credentials`."),
		"password": secret("Password for an MLflow server with basic authentication. Can also be set with the `MLFLOW_TRACKING_PASSWORD` " +
			"environment variable or in `~/.mlflow/credentials`."),
		"workspace": text("MLflow workspace, on MLflow servers 3.10 and newer that were started with `--enable-workspaces`. Unrelated to " +
			"Databricks workspaces. Can also be set with the `MLFLOW_WORKSPACE` environment variable. Defaults to the default workspace of the " +
			"server."),
	}
}

func databricksAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": text("URL of the Databricks workspace. Can also be set with the `DATABRICKS_HOST` environment variable or in a profile."),
		"token": secret("Databricks personal access token, or bearer token for an MLflow server. Overrides other credentials in environment " +
			"variables. Can also be set with the `DATABRICKS_TOKEN` or `MLFLOW_TRACKING_TOKEN` environment variable."),
		"profile": text("Profile of the Databricks configuration file. If it is set here, its values take precedence over `DATABRICKS_*` " +
			"environment variables. Can also be set with the `DATABRICKS_CONFIG_PROFILE` environment variable."),
		"config_file": text("Path of the Databricks configuration file. Can also be set with the `DATABRICKS_CONFIG_FILE` environment " +
			"variable. Defaults to `~/.databrickscfg`."),
		"auth_type": text("Databricks authentication method, for example `pat`, `oauth-m2m`, `databricks-cli`, `github-oidc`, `env-oidc`, " +
			"`file-oidc`, `azure-cli`, `azure-client-secret`, `azure-msi`, or `google-id`. Can also be set with the `DATABRICKS_AUTH_TYPE` " +
			"environment variable. Defaults to the first method that is configured."),
		"client_id": text("Application ID of the service principal, for OAuth and workload identity federation. Can also be set with the " +
			"`DATABRICKS_CLIENT_ID` environment variable."),
		"client_secret": secret("OAuth secret of the service principal. Can also be set with the `DATABRICKS_CLIENT_SECRET` environment " +
			"variable."),
		"account_id": text("Databricks account ID, required only if the host serves several accounts. Can also be set with the " +
			"`DATABRICKS_ACCOUNT_ID` environment variable."),
		"workspace_id": text("Databricks workspace ID, required if the host serves several workspaces, and used in URLs. Can also be set with " +
			"the `DATABRICKS_WORKSPACE_ID` environment variable. Defaults to the ID that the host returns."),
		"audience": text("Audience of the token that is exchanged in workload identity federation. Can also be set with the " +
			"`DATABRICKS_TOKEN_AUDIENCE` environment variable."),
		"oidc_token_env": text("Name of the environment variable that contains the OIDC token, for `env-oidc`. Can also be set with the " +
			"`DATABRICKS_OIDC_TOKEN_ENV` environment variable. Defaults to `DATABRICKS_OIDC_TOKEN`."),
		"databricks_id_token_filepath": text("Path of the file that contains the OIDC token, for `file-oidc`. Can also be set with the " +
			"`DATABRICKS_OIDC_TOKEN_FILEPATH` environment variable."),
		"databricks_cli_path": text("Path of the Databricks CLI, for `databricks-cli`. Can also be set with the `DATABRICKS_CLI_PATH` " +
			"environment variable. Defaults to the CLI in `PATH`."),
		"metadata_service_url": secret("URL of a local metadata service that issues tokens. Can also be set with the " +
			"`DATABRICKS_METADATA_SERVICE_URL` environment variable."),
		"actions_id_token_request_url": text("URL to request the OIDC token of GitHub Actions from. Can also be set with the " +
			"`ACTIONS_ID_TOKEN_REQUEST_URL` environment variable, which GitHub sets."),
		"actions_id_token_request_token": secret("Token to request the OIDC token of GitHub Actions with. Can also be set with the " +
			"`ACTIONS_ID_TOKEN_REQUEST_TOKEN` environment variable, which GitHub sets."),
		"azure_workspace_resource_id": text("Azure resource ID of the Databricks workspace, from which the host is looked up. Can also be set " +
			"with the `DATABRICKS_AZURE_RESOURCE_ID` environment variable."),
		"azure_client_id": text("Client ID of the Azure service principal or managed identity. Can also be set with the `ARM_CLIENT_ID` " +
			"environment variable."),
		"azure_client_secret": secret("Client secret of the Azure service principal. Can also be set with the `ARM_CLIENT_SECRET` environment " +
			"variable."),
		"azure_tenant_id": text("Azure tenant ID. Can also be set with the `ARM_TENANT_ID` environment variable."),
		"azure_environment": text("Azure cloud: `public`, `usgovernment`, or `china`. Can also be set with the `ARM_ENVIRONMENT` environment " +
			"variable. Defaults to the cloud of the host."),
		"azure_use_msi": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Use the managed identity of the Azure virtual machine. Can also be set with the `ARM_USE_MSI` environment " +
				"variable. Defaults to `false`.",
		},
		"google_service_account": text("Google service account to impersonate. Can also be set with the `DATABRICKS_GOOGLE_SERVICE_ACCOUNT` " +
			"environment variable."),
		"google_credentials": secret("Key of a Google service account, as JSON or the path of a file. Can also be set with the " +
			"`GOOGLE_CREDENTIALS` environment variable."),
	}
}

func tlsAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"ca_cert_file": text("Path of a PEM file with certificate authorities to trust in addition to those of the system, for servers with a " +
			"private CA. Can also be set with the `MLFLOW_TRACKING_SERVER_CERT_PATH` environment variable."),
		"client_cert_file": text("Path of a PEM file with a client certificate and its key, for servers that require one. Can also be set with " +
			"the `MLFLOW_TRACKING_CLIENT_CERT_PATH` environment variable."),
		"skip_verify": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Disable TLS certificate verification. Insecure: credentials are exposed to anyone who intercepts the " +
				"connection. For a private CA, use `ca_cert_file`. Can also be set with the `MLFLOW_TRACKING_INSECURE_TLS` environment variable. " +
				"Defaults to `false`.",
		},
	}
}

func behaviorAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"default_tags": schema.MapAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "Tags applied to every `mlflow_experiment` of this provider configuration. The `tags` of an experiment take " +
				"precedence for the same key. A change is planned in `tags_all` of each experiment. A tag with a null value counts as absent.",
			Validators: []validator.Map{framework.TagsValidator{}},
		},
		"http_timeout_seconds": schema.Int64Attribute{
			Optional: true, MarkdownDescription: "Timeout of a request, in seconds. Defaults to `60`.",
			Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"retry_timeout_seconds": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "Maximum time to retry a request, in seconds, while the server is unreachable, rate-limiting, or failing. " +
				"Defaults to `300`.",
			Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"bulk_refresh": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Read experiments and tags in bulk during refresh, 1,000 per request, and verify differences with a direct read. " +
				"Starts after several single reads. Defaults to `true` on an MLflow server, `false` on Databricks, where search consistency is " +
				"undocumented: recent changes may appear one plan later.",
		},
		"rate_limit": schema.Float64Attribute{
			Optional: true,
			MarkdownDescription: "Maximum number of requests per second. By default, requests are limited only after the server responds with a " +
				"rate-limit error.",
			Validators: []validator.Float64{float64validator.AtLeast(0.1)},
		},
	}
}
