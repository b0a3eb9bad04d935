# Principals that can edit the experiments of a project.
data "mlflow_permission_review" "churn" {
  name_prefix = "/Projects/churn/"
  min_level   = "CAN_EDIT"
}

output "editors" {
  value = distinct([for g in data.mlflow_permission_review.churn.grants : g.principal])
}
