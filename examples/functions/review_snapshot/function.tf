terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

data "mlflow_permission_review" "all" {}

# JSON to commit: terraform output -raw snapshot > review.json
output "snapshot" {
  value = provider::mlflow::review_snapshot(data.mlflow_permission_review.all)
}
