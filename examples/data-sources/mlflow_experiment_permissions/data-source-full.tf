data "mlflow_experiment_permissions" "pricing" {
  experiment_id = data.mlflow_experiment.pricing.id
}

data "mlflow_experiment" "pricing" {
  name = "/Projects/pricing"
}

# The highest levels of each, wherever they come from. A principal can have both CAN_EDIT and CAN_RUN, hence a list.
output "levels" {
  value = { for e in data.mlflow_experiment_permissions.pricing.effective : "${e.kind} ${e.principal}" => e.level... }
}

# What an mlflow_experiment_permissions resource would have to declare to change nothing.
output "direct" {
  value = {
    for kind in ["group", "user", "service_principal"] : "${kind}s" => {
      for g in data.mlflow_experiment_permissions.pricing.grants : g.principal => g.level
      if g.kind == kind && !g.inherited && g.principal != "admins"
    }
  }
}
