variable "level" {
  description = "Level for the risk team, by the name that this server has for it."
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

# A level that the server does not have is refused by name, before anything is granted.
resource "mlflow_experiment_permission" "risk" {
  experiment_id    = mlflow_experiment.pricing.id
  group_name       = "risk"
  permission_level = var.level

  lifecycle {
    precondition {
      condition     = contains(data.mlflow_experiment_permission_levels.pricing.levels[*].level, var.level)
      error_message = "${var.level} is none of ${join(", ", data.mlflow_experiment_permission_levels.pricing.levels[*].level)}."
    }
  }
}
