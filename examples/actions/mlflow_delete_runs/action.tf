data "mlflow_experiment" "churn" {
  name = "/Shared/churn"
}

# Invoke it every night: terraform apply -invoke=action.mlflow_delete_runs.old
action "mlflow_delete_runs" "old" {
  config {
    experiment_ids = [data.mlflow_experiment.churn.experiment_id]
    older_than     = "90d"
    max_runs       = 5000
  }
}

# Deletes failed runs after 7 days.
action "mlflow_delete_runs" "failed" {
  config {
    experiment_ids = [data.mlflow_experiment.churn.experiment_id]
    older_than     = "7d"
    filter         = "attributes.status = 'FAILED'"
    max_runs       = 1000
  }
}
