import {
  to = mlflow_experiment_permission.ana
  id = "${mlflow_experiment.churn.id}/user/ana@example.com"
}
