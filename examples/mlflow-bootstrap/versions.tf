terraform {
  required_version = ">= 1.11" # write-only arguments; OpenTofu 1.11 or newer, too

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

# The server and an admin of it come from the environment: MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME, and MLFLOW_TRACKING_PASSWORD.
provider "mlflow" {
  default_tags = { managed_by = "terraform" }
}
