import {
  to = mlflow_experiment.churn
  identity = {
    experiment_id = "1280664374380606"
  }
}
