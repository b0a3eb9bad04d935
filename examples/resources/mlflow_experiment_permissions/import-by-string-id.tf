import {
  to = mlflow_experiment_permissions.churn
  id = "/Projects/churn" # or the experiment ID or URL
}
