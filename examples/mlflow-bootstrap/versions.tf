terraform {
  required_version = ">= 1.11" # write-only arguments; also OpenTofu 1.11 and newer

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

# The server and the credentials come from environment variables: MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME, and
# MLFLOW_TRACKING_PASSWORD.
provider "mlflow" {
  default_tags = { managed_by = "terraform" }
}
