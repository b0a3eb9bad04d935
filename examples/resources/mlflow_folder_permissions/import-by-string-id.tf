import {
  to = mlflow_folder_permissions.retail
  id = "/Projects/retail" # or the object ID of the folder
}
