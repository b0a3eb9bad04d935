terraform {
  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

# The server and the credentials come from environment variables.
provider "mlflow" {}

resource "mlflow_experiment" "churn" {
  name           = "/Projects/retail/churn"
  description    = "Churn model of the retail team."
  tags           = { team = "data-science" }
  create_parents = true # creates the folder on Databricks
}

output "id" {
  value = mlflow_experiment.churn.id
}
