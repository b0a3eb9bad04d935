terraform {
  required_version = ">= 1.3"

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

# Set the server and the credentials with environment variables: DATABRICKS_HOST and DATABRICKS_TOKEN, or MLFLOW_TRACKING_URI,
# MLFLOW_TRACKING_USERNAME, and MLFLOW_TRACKING_PASSWORD.
provider "mlflow" {}
