data "mlflow_experiments" "fraud" {
  name_prefix = "/Projects/fraud/"
}

# The newest run of each experiment.
data "mlflow_runs" "newest" {
  for_each = data.mlflow_experiments.fraud.ids

  experiment_ids = [each.value]
  limit          = 1
}

# Experiments in which no run has started since the date.
output "stale_experiments" {
  value = [
    for name, found in data.mlflow_runs.newest : name
    if length(found.runs) == 0 || try(timecmp(found.runs[0].start_time, "2026-01-01T00:00:00Z") < 0, false)
  ]
}
