data "mlflow_experiment" "churn" {
  name = "/Shared/churn"
}

# terraform apply -invoke=action.mlflow_restore_runs.first_half
action "mlflow_restore_runs" "first_half" {
  config {
    experiment_ids = [data.mlflow_experiment.churn.experiment_id]
    before         = "2026-07-01T00:00:00Z"
    max_runs       = 5000
  }
}

# On Databricks: restores the runs that were deleted since a time.
action "mlflow_restore_runs" "last_night" {
  config {
    experiment_ids = [data.mlflow_experiment.churn.experiment_id]
    deleted_after  = "2026-11-25T00:00:00Z"
    max_runs       = 5000
  }
}
