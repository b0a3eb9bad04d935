resource "mlflow_workspace" "risk" {
  name        = "risk"
  description = "Risk models"
}
