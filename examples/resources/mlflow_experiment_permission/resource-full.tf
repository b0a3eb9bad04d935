# A team may look at every experiment of another one, and its pipeline may log runs. Whatever else is granted stays.
data "mlflow_experiments" "forecasting" {
  name_prefix = "/Projects/forecasting/"
}

resource "mlflow_experiment_permission" "readers" {
  for_each = data.mlflow_experiments.forecasting.ids

  experiment_id    = each.value
  group_name       = "risk" # a role on an MLflow server
  permission_level = "CAN_READ"
}

resource "mlflow_experiment_permission" "pipeline" {
  for_each = data.mlflow_experiments.forecasting.ids

  experiment_id          = each.value
  service_principal_name = "6f1c2a34-5b67-4c89-9d01-23456789abcd" # the application id; on Databricks only
  permission_level       = "CAN_EDIT"
}
