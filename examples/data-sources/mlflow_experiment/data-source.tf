data "mlflow_experiment" "churn" {
  name = "/Shared/churn"
}

output "churn" {
  value = {
    id    = data.mlflow_experiment.churn.id
    owner = data.mlflow_experiment.churn.owner
    url   = data.mlflow_experiment.churn.url
  }
}
