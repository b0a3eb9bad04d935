# By the experiment's id, its name, or the address of its page.
terraform import mlflow_experiment_permissions.churn 1280664374380606
terraform import mlflow_experiment_permissions.churn /Projects/churn
