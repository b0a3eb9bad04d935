variable "level" {
  description = "Permission level of the risk team."
  type        = string
  default     = "CAN_READ"
}

resource "mlflow_experiment" "pricing" {
  name           = "/Projects/pricing"
  create_parents = true
}

data "mlflow_experiment_permission_levels" "pricing" {
  experiment_id = mlflow_experiment.pricing.id
}

# Reject a level that the server does not have, before it is granted.
resource "mlflow_experiment_permission" "risk" {
  experiment_id    = mlflow_experiment.pricing.id
  group_name       = "risk"
  permission_level = var.level

  lifecycle {
    precondition {
      condition     = contains(data.mlflow_experiment_permission_levels.pricing.levels[*].level, var.level)
      error_message = "${var.level} is not one of ${join(", ", data.mlflow_experiment_permission_levels.pricing.levels[*].level)}."
    }
  }
}
