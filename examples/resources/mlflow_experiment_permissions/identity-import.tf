import {
  to = mlflow_experiment_permissions.churn
  identity = {
    experiment_id = "1280664374380606"
  }
}
