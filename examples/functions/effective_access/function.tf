terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

data "mlflow_permission_review" "all" {}

data "mlflow_principals" "all" {
  grants = data.mlflow_permission_review.all.grants
}

locals {
  access = provider::mlflow::effective_access(data.mlflow_permission_review.all, data.mlflow_principals.all)

  # Inactive and deleted users.
  inactive = [for p in data.mlflow_principals.all.principals : p.name if p.kind == "user" && !p.active]
}

# Who can manage each experiment, and through which groups.
output "managers" {
  value = {
    for a in local.access : a.experiment_name => {
      principal = a.principal
      groups    = a.groups
    }... if a.level == "CAN_MANAGE"
  }
}

# One line per user and experiment, for example "/Projects/retail/churn: ana@example.com: CAN_EDIT through retail".
output "users" {
  value = [for a in local.access : "${a.experiment_name}: ${a.principal}: ${a.ways}" if a.kind == "user"]
}

check "no_inactive_users" {
  assert {
    condition     = alltrue([for a in local.access : !contains(local.inactive, a.principal)])
    error_message = "Inactive users with access: ${join(", ", distinct([for a in local.access : a.principal if contains(local.inactive, a.principal)]))}."
  }
}
