locals {
  # Grants on every experiment. Each resource adds its own with merge().
  readers = {
    "risk"        = "CAN_READ"
    "ml-platform" = "CAN_READ"
  }
}

resource "mlflow_experiment" "pricing" {
  name           = "/Projects/pricing"
  create_parents = true
}

resource "mlflow_experiment_permissions" "pricing" {
  experiment_id = mlflow_experiment.pricing.id

  groups = merge(local.readers, {
    "data-science" = "CAN_EDIT"
  })

  users = {
    "ana@example.com" = "CAN_MANAGE"
  }

  # Application IDs, not display names.
  service_principals = {
    "6f1c2a34-5b67-4c89-9d01-23456789abcd" = "CAN_EDIT"
  }

  # The identity that runs Terraform keeps CAN_MANAGE if no other grant provides it. This is the default.
  keep_caller_access = true
}
