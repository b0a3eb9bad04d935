# The identity that `databricks auth login` signed in on this machine.
provider "mlflow" {
  host      = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
  auth_type = "databricks-cli"
}
