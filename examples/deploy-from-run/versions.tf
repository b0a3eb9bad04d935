terraform {
  required_version = ">= 1.5" # check blocks and plantimestamp

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

# The server and the credentials come from environment variables: DATABRICKS_HOST and DATABRICKS_TOKEN, or MLFLOW_TRACKING_URI with
# MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
provider "mlflow" {}
