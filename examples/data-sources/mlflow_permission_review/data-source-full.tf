# Grants of the group of all users, and where they are inherited from
data "mlflow_permission_review" "everybody" {
  principals = ["users"]
}

output "open_to_everybody" {
  value = [
    for g in data.mlflow_permission_review.everybody.grants : {
      experiment = g.experiment_name
      level      = g.level
      from       = g.inherited ? coalesce(g.inherited_from_path, join(", ", g.inherited_from)) : "granted directly"
    } if g.effective
  ]
}

output "nothing_is_known_about" {
  value = { for u in data.mlflow_permission_review.everybody.unreadable : u.experiment_name => u.reason }
}
