moved {
  from = databricks_mlflow_experiment.churn
  to   = mlflow_experiment.churn
}

moved {
  from = databricks_permissions.churn
  to   = mlflow_experiment_permissions.churn
}

moved {
  from = databricks_permissions.retail
  to   = mlflow_folder_permissions.retail
}
