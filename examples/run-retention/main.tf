locals {
  # Midnight UTC, keep_days ago. It is the same in all commands of a day, so the list of runs and the deletion agree.
  before = formatdate("YYYY-MM-DD'T'00:00:00Z", timeadd(plantimestamp(), "-${24 * var.keep_days}h"))
  ids    = [for e in data.mlflow_experiment.this : e.experiment_id]
}

data "mlflow_experiment" "this" {
  for_each = var.experiments

  name = each.key
}

# The oldest runs that match the filter, for the outputs. The action searches again.
data "mlflow_runs" "oldest" {
  experiment_ids = local.ids
  filter         = "attributes.start_time > 0 AND ${var.filter}"
  order_by       = ["attributes.start_time ASC"]
  limit          = var.max_runs
}

locals {
  due = [for run in data.mlflow_runs.oldest.runs : run if timecmp(run.start_time, local.before) < 0]
}

# Warns if the limit is too low or the filter matches too many runs.
check "max_runs" {
  assert {
    condition     = length(local.due) < var.max_runs
    error_message = "max_runs is reached: more than ${var.max_runs - 1} runs started before ${local.before}. The others remain until the next night."
  }
}

action "mlflow_delete_runs" "old" {
  config {
    experiment_ids = local.ids
    before         = local.before
    filter         = var.filter
    max_runs       = var.max_runs
  }
}

action "mlflow_restore_runs" "undo" {
  config {
    run_ids = var.run_ids
  }
}

output "before" {
  description = "Time before which the runs to delete started."
  value       = local.before
}

output "due" {
  description = "Runs that the action mlflow_delete_runs.old deletes, oldest first: ID, name, experiment, and start time."
  value       = [for run in local.due : { id = run.run_id, name = run.run_name, experiment_id = run.experiment_id, start_time = run.start_time }]
}

output "undo" {
  description = "Variables file for the action mlflow_restore_runs.undo, in JSON."
  value       = jsonencode({ run_ids = local.due[*].run_id })
}
