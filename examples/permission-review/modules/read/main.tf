terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

variable "name_prefix" {
  description = "Prefix of the names of the experiments to review. Null selects all experiments that the identity that runs Terraform can read."
  type        = string
}

# Who has access to which experiment. Admins are excluded, because they have access to every experiment.
data "mlflow_permission_review" "all" {
  name_prefix    = var.name_prefix
  include_admins = false
}

# Members of the groups, and whether each principal exists and is active.
data "mlflow_principals" "all" {
  grants = data.mlflow_permission_review.all.grants
}

output "review" {
  description = "Data source mlflow_permission_review."
  value       = data.mlflow_permission_review.all
}

output "principals" {
  description = "Data source mlflow_principals."
  value       = data.mlflow_principals.all
}
