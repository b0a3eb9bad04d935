terraform {
  required_version = ">= 1.7" # for_each in import blocks

  required_providers {
    mlflow = {
      source  = "mlflow-terraform/mlflow"
      version = "~> 0.1"
    }
  }
}

provider "mlflow" {
  # default_tags = { managed_by = "terraform" } # also pass them to discover: -var 'default_tags={managed_by="terraform"}'
}
