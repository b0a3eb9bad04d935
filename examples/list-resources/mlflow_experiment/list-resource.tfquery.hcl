# All experiments of a team in a folder.
list "mlflow_experiment" "risk" {
  provider         = mlflow
  include_resource = true
  limit            = 1000

  config {
    name_prefix = "/Projects/"
    tags        = { team = "risk" }
  }
}
