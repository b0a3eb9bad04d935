data "mlflow_experiment_permissions" "pricing" {
  experiment_id = data.mlflow_experiment.pricing.id
}

data "mlflow_experiment" "pricing" {
  name = "/Projects/pricing"
}

# The highest levels of each principal, direct or inherited. A principal can have both CAN_EDIT and CAN_RUN, so the values are lists.
output "levels" {
  value = { for e in data.mlflow_experiment_permissions.pricing.effective : "${e.kind} ${e.principal}" => e.level... }
}

# The arguments of an mlflow_experiment_permissions resource that would change no grant.
output "direct" {
  value = {
    for kind in ["group", "user", "service_principal"] : "${kind}s" => {
      for g in data.mlflow_experiment_permissions.pricing.grants : g.principal => g.level
      if g.kind == kind && !g.inherited && g.principal != "admins"
    }
  }
}
