import {
  to = mlflow_experiment_permission.ana
  identity = {
    experiment_id = "1280664374380606"
    user_name     = "ana@example.com"
  }
}
