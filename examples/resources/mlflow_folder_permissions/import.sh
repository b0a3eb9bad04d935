# By the path of the folder, or by its object ID.
terraform import mlflow_folder_permissions.retail /Projects/retail
terraform import mlflow_folder_permissions.retail 1280664374380606
# By the ID that databricks_permissions has for it.
terraform import mlflow_folder_permissions.retail /directories/1280664374380606
