# By path or object ID.
terraform import mlflow_folder_permissions.retail /Projects/retail
terraform import mlflow_folder_permissions.retail 1280664374380606
# By the ID of databricks_permissions.
terraform import mlflow_folder_permissions.retail /directories/1280664374380606
