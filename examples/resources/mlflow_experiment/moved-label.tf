moved {
  from = mlflow_experiment.old
  to   = mlflow_experiment.churn
}
