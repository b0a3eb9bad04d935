terraform {
  required_version = ">= 1.8"

  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

# The experiment IDs of a list of URLs, by server.
locals {
  urls = [
    "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/ml/experiments/1280664374380606?o=1234567890123456",
    "https://mlflow.example.com/#/experiments/12",
  ]

  experiments = [for url in local.urls : provider::mlflow::parse_experiment_url(url)]
}

output "ids_by_server" {
  value = { for e in local.experiments : e.host => e.experiment_id... }
}
