moved {
  from = databricks_permissions.churn
  to   = mlflow_experiment_permissions.churn
}
