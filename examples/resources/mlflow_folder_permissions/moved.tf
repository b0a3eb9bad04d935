moved {
  from = databricks_permissions.retail
  to   = mlflow_folder_permissions.retail
}
