# By name, ID, or URL.
terraform import mlflow_experiment.churn /Shared/churn
terraform import mlflow_experiment.churn 1280664374380606
terraform import mlflow_experiment.churn 'https://dbc-a1b2c3d4-e5f6.cloud.databricks.com/ml/experiments/1280664374380606'
# On an MLflow server, with or without a leading slash.
terraform import mlflow_experiment.churn name=/Shared/churn
