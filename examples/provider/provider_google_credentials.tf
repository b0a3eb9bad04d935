# The key of a Google service account, as JSON or as a file path.
provider "mlflow" {
  host               = "https://1234567890123456.7.gcp.databricks.com"
  google_credentials = var.google_credentials
}

variable "google_credentials" {
  type      = string
  sensitive = true
}
