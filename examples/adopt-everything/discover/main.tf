# Looks at what is there, and changes nothing.
data "mlflow_experiments" "found" {
  name_prefix = var.name_prefix
}

locals {
  # By id, which stays when somebody renames the experiment. The experiments of notebooks live and die with the notebook.
  found = { for e in data.mlflow_experiments.found.experiments : e.experiment_id => e if e.kind == "workspace" }

  shared = { for id, e in local.found : id => e.name if var.permissions }
}

data "mlflow_experiment_permissions" "found" {
  for_each = local.shared

  experiment_id = each.key
}

locals {
  # The server's own tags are left to it, and so are empty ones, which are what is left of removed tags on Databricks.
  tags = {
    for id, e in local.found : id => {
      for key, value in e.tags : key => value
      if substr(key, 0, 7) != "mlflow." && value != "" && lookup(var.default_tags, key, "") != value
    }
  }

  # Direct grants by kind and principal. Inherited ones belong to the folders, those of admins to the workspace.
  grants = {
    for id, permissions in data.mlflow_experiment_permissions.found : id => {
      for kind in ["group", "user", "service_principal"] : kind => {
        for g in permissions.grants : g.principal => g.level if g.kind == kind && !g.inherited && g.principal != "admins"
      }
    }
  }
}
