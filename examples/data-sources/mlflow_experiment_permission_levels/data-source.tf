data "mlflow_experiment" "churn" {
  name = "/Shared/churn"
}

data "mlflow_experiment_permission_levels" "churn" {
  experiment_id = data.mlflow_experiment.churn.id
}

output "levels" {
  value = { for l in data.mlflow_experiment_permission_levels.churn.levels : l.level => l.description }
}
