# A team can view all experiments of another team, and a pipeline can log runs. Other grants are unmanaged.
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
  service_principal_name = "6f1c2a34-5b67-4c89-9d01-23456789abcd" # the application ID; only on Databricks
  permission_level       = "CAN_EDIT"
}
