# An MLflow server behind a proxy that accepts bearer tokens.
provider "mlflow" {
  tracking_uri = "https://mlflow.example.com"
  token        = var.mlflow_token
}

variable "mlflow_token" {
  type      = string
  sensitive = true
}
