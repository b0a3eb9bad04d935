# The permissions of /Projects and of all folders below it.
list "mlflow_folder_permissions" "projects" {
  provider         = mlflow
  include_resource = true

  config {
    path = "/Projects"
  }
}
