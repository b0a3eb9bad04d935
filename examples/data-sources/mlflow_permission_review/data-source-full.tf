# Grants of the group of all users, with the folder that each is inherited from.
data "mlflow_permission_review" "all_users" {
  principals = ["users"]
}

output "open_to_all_users" {
  value = [
    for g in data.mlflow_permission_review.all_users.grants : {
      experiment = g.experiment_name
      level      = g.level
      from       = g.inherited ? coalesce(g.inherited_from_path, join(", ", g.inherited_from)) : "granted directly"
    } if g.effective
  ]
}

output "unreadable" {
  value = { for u in data.mlflow_permission_review.all_users.unreadable : u.experiment_name => u.reason }
}
