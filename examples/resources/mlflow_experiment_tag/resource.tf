# An experiment that another configuration manages.
data "mlflow_experiment" "churn" {
  name = "/Shared/churn"
}

resource "mlflow_experiment_tag" "reviewed" {
  experiment_id = data.mlflow_experiment.churn.id
  key           = "risk/reviewed"
  value         = "2026-03-31"
}
