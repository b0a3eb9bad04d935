# Reads the run from the server. This is a separate module so that tests can override it.
terraform {
  required_providers {
    mlflow = {
      source = "mlflow-terraform/mlflow"
    }
  }
}

variable "experiment_name" {
  description = "Name of the experiment."
  type        = string
}

variable "filter" {
  description = "Search filter that the run matches."
  type        = string
}

variable "metric" {
  description = "Key of the metric. The run with the highest value is read."
  type        = string
}

variable "tags" {
  description = "Keys of the tags to return."
  type        = set(string)
}

variable "artifact_path" {
  description = "Directory of the run to list."
  type        = string
}

data "mlflow_experiment" "this" {
  name = var.experiment_name
}

data "mlflow_runs" "best" {
  experiment_ids = [data.mlflow_experiment.this.experiment_id]
  filter         = var.filter
  order_by       = ["metrics.`${var.metric}` DESC"]
  limit          = 1

  metrics = [var.metric]
  tags    = var.tags
}

data "mlflow_run_artifacts" "best" {
  for_each = toset(data.mlflow_runs.best.runs[*].run_id)

  run_id = each.key
  path   = var.artifact_path
}

output "runs" {
  description = "The run, or nothing."
  value       = data.mlflow_runs.best.runs
}

output "has_more" {
  description = "Whether more than one run matches."
  value       = data.mlflow_runs.best.has_more
}

output "files" {
  description = "Files and directories directly in artifact_path."
  value       = flatten([for listed in data.mlflow_run_artifacts.best : listed.files])
}
