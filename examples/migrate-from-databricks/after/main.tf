resource "mlflow_experiment" "churn" {
  name = "/Workspace/Projects/churn"
  tags = { team = "data-science" }

  trace_location = {
    catalog = "main"
    schema  = "churn_traces"
  }
}

resource "mlflow_experiment_permissions" "churn" {
  experiment_id = mlflow_experiment.churn.id
  groups        = { "data-science" = "CAN_EDIT" }
  users         = { "ana@example.com" = "CAN_MANAGE" }
}

resource "mlflow_folder_permissions" "retail" {
  path   = "/Projects/retail"
  groups = { "data-science" = "CAN_RUN", "risk" = "CAN_READ" }
}
