terraform {
  required_version = ">= 1.8"

  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

# The addresses in a list of requests, of Databricks and of MLflow servers, to the ids that the configuration works with.
locals {
  requests = [
    "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/ml/experiments/1280664374380606?o=1234567890123456",
    "https://mlflow.example.com/#/experiments/12",
  ]

  pages = [for address in local.requests : provider::mlflow::parse_experiment_url(address)]
}

output "ids_by_server" {
  value = { for page in local.pages : page.host => page.experiment_id... }
}
