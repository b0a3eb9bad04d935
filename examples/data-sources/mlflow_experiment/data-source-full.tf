variable "experiment" {
  description = "URL or ID of an experiment."
  type        = string
  default     = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/ml/experiments/1280664374380606"
}

# The ID does not change if the experiment is renamed. A deleted experiment is also found.
data "mlflow_experiment" "reported" {
  experiment_id = regex("(?:^|experiments/)([0-9]+)", var.experiment)[0]

  lifecycle {
    postcondition {
      condition     = self.lifecycle_stage == "active"
      error_message = "${self.name} is deleted. Restore it first."
    }
  }
}

output "team" {
  value = lookup(data.mlflow_experiment.reported.tags, "team", "none")
}
