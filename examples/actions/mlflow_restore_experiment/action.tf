# terraform apply -invoke=action.mlflow_restore_experiment.churn
action "mlflow_restore_experiment" "churn" {
  config {
    name = "/Shared/churn"
  }
}
