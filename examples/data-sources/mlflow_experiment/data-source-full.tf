variable "page" {
  description = "Address of an experiment's page, or its id."
  type        = string
  default     = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/ml/experiments/1280664374380606"
}

# By id, which stays when somebody renames the experiment. A deleted one is found as well.
data "mlflow_experiment" "reported" {
  experiment_id = regex("[0-9]+$", var.page)

  lifecycle {
    postcondition {
      condition     = self.lifecycle_stage == "active"
      error_message = "${self.name} is deleted. Restore it first."
    }
  }
}

output "team" {
  value = lookup(data.mlflow_experiment.reported.tags, "team", "nobody")
}
