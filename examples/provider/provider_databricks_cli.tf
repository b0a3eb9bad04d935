# The user who is signed in to the Databricks CLI, with `databricks auth login`.
provider "mlflow" {
  host      = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
  auth_type = "databricks-cli"
}
