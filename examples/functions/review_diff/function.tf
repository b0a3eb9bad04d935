terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

data "mlflow_permission_review" "all" {}

locals {
  # The committed snapshot of the last review. See the function review_snapshot.
  changes = provider::mlflow::review_diff(file("${path.module}/review.json"), data.mlflow_permission_review.all)
}

# A table for a pull request or an issue: terraform output -raw changes
output "changes" {
  value = local.changes.summary
}

check "no_new_access" {
  assert {
    condition     = length(concat(local.changes.added, local.changes.raised, local.changes.other_level)) == 0
    error_message = "New access since the last review:\n${local.changes.summary}"
  }
}
