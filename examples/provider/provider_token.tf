# A personal access token.
provider "mlflow" {
  host  = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
  token = var.databricks_token
}

variable "databricks_token" {
  type      = string
  sensitive = true
}
