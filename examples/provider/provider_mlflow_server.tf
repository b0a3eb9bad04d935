# An open-source MLflow tracking server with basic authentication.
provider "mlflow" {
  tracking_uri = "https://mlflow.example.com"
  username     = "terraform"
  password     = var.mlflow_password
}

variable "mlflow_password" {
  type      = string
  sensitive = true
}
