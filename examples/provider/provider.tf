terraform {
  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

# DATABRICKS_HOST and DATABRICKS_TOKEN specify the workspace and the credentials.
provider "mlflow" {
  default_tags = {
    managed_by = "terraform"
  }
}

resource "mlflow_experiment" "churn" {
  name        = "/Shared/churn"
  description = "Churn model of the retail team."

  tags = {
    team = "data-science"
  }
}
