# Looks at what is there, and changes nothing.
data "mlflow_experiments" "found" {
  name_prefix = var.name_prefix
}

locals {
  # By id, which stays when somebody renames the experiment. The experiments of notebooks live and die with the notebook.
  found  = { for e in data.mlflow_experiments.found.experiments : e.experiment_id => e if e.kind == "workspace" }
  shared = { for id, e in local.found : id => e.name if var.permissions }
}

data "mlflow_experiment_permissions" "found" {
  for_each = local.shared

  experiment_id = each.key
}

# What of it is written down.
module "configuration" {
  source = "./modules/configuration"

  experiments  = local.found
  grants       = var.permissions ? { for id, permissions in data.mlflow_experiment_permissions.found : id => permissions.grants } : null
  default_tags = var.default_tags
}
