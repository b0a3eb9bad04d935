resource "mlflow_experiment_permissions" "churn" {
  experiment_id = mlflow_experiment.churn.id
  users         = { "ana@example.com" = "CAN_EDIT" }
}
