# A Google service account that the credentials of the machine can impersonate.
provider "mlflow" {
  host                   = "https://1234567890123456.7.gcp.databricks.com"
  google_service_account = "terraform@my-project.iam.gserviceaccount.com"
}
