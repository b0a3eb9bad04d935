import {
  to = mlflow_folder_permissions.retail
  identity = {
    path = "/Projects/retail"
  }
}
