import {
  to = mlflow_experiment_permissions.churn
  id = "/Projects/churn" # or the experiment's id, or the address of its page
}
