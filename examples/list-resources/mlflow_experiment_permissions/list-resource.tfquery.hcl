# The permissions of the ten most recently updated experiments.
list "mlflow_experiment_permissions" "recent" {
  provider         = mlflow
  include_resource = true
  limit            = 10

  config {
    filter   = "name LIKE '/Projects/%'"
    order_by = ["last_update_time DESC"]
  }
}
