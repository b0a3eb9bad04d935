# A GitHub Actions job: Databricks accepts an ID token from GitHub for the service principal.
provider "mlflow" {
  host      = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
  client_id = "6f1c2a34-5b67-4c89-9d01-23456789abcd"
  auth_type = "github-oidc"
}
