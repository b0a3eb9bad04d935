import {
  to = mlflow_experiment.churn
  id = "/Shared/churn" # or the id, or the address of the experiment's page
}
