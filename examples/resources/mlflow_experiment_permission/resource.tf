resource "mlflow_experiment" "churn" {
  name           = "/Projects/churn"
  create_parents = true
}

resource "mlflow_experiment_permission" "ana" {
  experiment_id    = mlflow_experiment.churn.id
  user_name        = "ana@example.com"
  permission_level = "CAN_EDIT"
}
