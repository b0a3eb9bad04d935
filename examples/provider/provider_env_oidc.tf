# An ID token in an environment variable, as HCP Terraform and GitLab provide it.
provider "mlflow" {
  host           = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
  client_id      = "6f1c2a34-5b67-4c89-9d01-23456789abcd"
  auth_type      = "env-oidc"
  oidc_token_env = "TFC_WORKLOAD_IDENTITY_TOKEN"
}
