terraform {
  required_version = ">= 1.8"

  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

# A URL that was copied from a browser.
locals {
  experiment = provider::mlflow::parse_experiment_url("https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/ml/experiments/1280664374380606?o=1234567890123456")
}

output "experiment_id" {
  value = local.experiment.experiment_id
}
