terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}
