import {
  to = mlflow_experiment.churn
  id = "/Shared/churn" # or the ID, or the URL
}
