# Grants to users who left, and to groups that no longer exist.
data "mlflow_permission_review" "fraud" {
  name_prefix = "/Projects/fraud/"
}

data "mlflow_principals" "fraud" {
  grants = data.mlflow_permission_review.fraud.grants
}

locals {
  status = { for p in data.mlflow_principals.fraud.principals : "${p.kind} ${p.name}" => p }
}

output "stale_grants" {
  value = [
    for g in data.mlflow_permission_review.fraud.grants : {
      experiment = g.experiment_name
      principal  = g.principal
      level      = g.level
      reason     = local.status["${g.kind} ${g.principal}"].exists ? "inactive" : "deleted"
    } if !try(local.status["${g.kind} ${g.principal}"].active, true)
  ]
}
