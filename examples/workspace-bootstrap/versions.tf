terraform {
  required_version = ">= 1.0"

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

# The workspace and the credentials come from DATABRICKS_HOST and DATABRICKS_TOKEN.
provider "mlflow" {
  default_tags = {
    managed_by  = "terraform"
    environment = var.environment
  }
}
