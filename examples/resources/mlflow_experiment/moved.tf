moved {
  from = databricks_mlflow_experiment.churn
  to   = mlflow_experiment.churn
}
