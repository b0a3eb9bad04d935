terraform {
  required_version = ">= 1.8" # moved blocks between types

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
    # Until the state does not mention it any more.
    databricks = {
      source = "databricks/databricks"
    }
  }
}

# Takes the same settings as the block of the Databricks provider, from the environment as well.
provider "mlflow" {}
