resource "mlflow_folder_permissions" "retail" {
  path           = "/Projects/retail"
  create_parents = true

  groups = {
    "data-science" = "CAN_EDIT"
    "risk"         = "CAN_READ"
  }
}

# Inherits the permissions of the folder, and is created after they are set.
resource "mlflow_experiment" "churn" {
  name = "${mlflow_folder_permissions.retail.path}/churn"
}
