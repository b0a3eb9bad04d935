# A service principal with an OAuth secret, for example in a pipeline.
provider "mlflow" {
  host          = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
  client_id     = "6f1c2a34-5b67-4c89-9d01-23456789abcd"
  client_secret = var.client_secret
}

variable "client_secret" {
  type      = string
  sensitive = true
}
