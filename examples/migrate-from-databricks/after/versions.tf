terraform {
  required_version = ">= 1.8" # moved blocks between types

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
    # Required until the state no longer refers to it.
    databricks = {
      source = "databricks/databricks"
    }
  }
}

# Accepts the same arguments and environment variables as the Databricks provider.
provider "mlflow" {}
