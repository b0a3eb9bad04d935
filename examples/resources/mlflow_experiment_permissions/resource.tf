resource "mlflow_experiment" "churn" {
  name           = "/Projects/churn"
  create_parents = true
}

resource "mlflow_experiment_permissions" "churn" {
  experiment_id = mlflow_experiment.churn.id

  groups = {
    "data-science" = "CAN_EDIT"
  }
}
