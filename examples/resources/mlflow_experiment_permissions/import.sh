# By experiment ID, name, or URL.
terraform import mlflow_experiment_permissions.churn 1280664374380606
terraform import mlflow_experiment_permissions.churn /Projects/churn
terraform import mlflow_experiment_permissions.churn 'https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/ml/experiments/1280664374380606'
# By the ID of databricks_permissions.
terraform import mlflow_experiment_permissions.churn /experiments/1280664374380606
