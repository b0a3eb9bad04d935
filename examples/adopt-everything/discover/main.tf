# Reads the server, and changes nothing.
data "mlflow_experiments" "found" {
  name_prefix = var.name_prefix
}

locals {
  # By ID, which does not change when an experiment is renamed. Without experiments of notebooks, which exist as long as their notebook.
  experiments = { for e in data.mlflow_experiments.found.experiments : e.experiment_id => e if e.kind == "workspace" }
  lists       = { for id, e in local.experiments : id => e.name if var.permissions }
}

data "mlflow_experiment_permissions" "found" {
  for_each = local.lists

  experiment_id = each.key
}

# Selects the tags and grants to declare.
module "configuration" {
  source = "./modules/configuration"

  experiments  = local.experiments
  grants       = var.permissions ? { for id, permissions in data.mlflow_experiment_permissions.found : id => permissions.grants } : null
  default_tags = var.default_tags
}
