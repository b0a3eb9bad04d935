import {
  to = mlflow_experiment_tag.reviewed
  identity = {
    experiment_id = "1280664374380606"
    key           = "risk/reviewed"
  }
}
