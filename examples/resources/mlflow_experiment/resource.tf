resource "mlflow_experiment" "churn" {
  name = "/Shared/churn"

  tags = {
    team = "data-science"
  }
}
