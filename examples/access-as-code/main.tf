locals {
  # Team, level, and folders: the only value to edit. Folders end with a slash, so that "/Projects/churn/" does not match "/Projects/churn-old".
  access = {
    "data-science" = {
      CAN_EDIT = ["/Projects/churn/", "/Projects/demand/"]
      CAN_READ = ["/Projects/"]
    }
    "risk" = {
      CAN_MANAGE = ["/Projects/credit/"]
      CAN_READ   = ["/Projects/churn/"]
    }
    "ml-platform" = {
      CAN_MANAGE = ["/Projects/"]
    }
  }

  rules = flatten([
    for team, levels in local.access : [
      for level, folders in levels : [for folder in folders : { team = team, level = level, folder = folder }]
    ]
  ])

  # Experiments of notebooks have the permissions of the notebook.
  found = { for e in flatten(data.mlflow_experiments.all[*].experiments) : e.name => e.id if e.kind == "workspace" }

  # The experiments that match a rule. A map in locals keeps for_each fast with thousands of experiments.
  experiments = {
    for name, id in coalesce(var.experiments, local.found) : name => id
    if anytrue([for rule in local.rules : startswith(name, rule.folder)])
  }

  # The level of each team on each experiment. If several rules match, the highest level applies, because it is merged last.
  groups = {
    for name in keys(local.experiments) : name => merge([
      for level in ["CAN_READ", "CAN_EDIT", "CAN_MANAGE"] : {
        for team in distinct([for rule in local.rules : rule.team if rule.level == level && startswith(name, rule.folder)]) : team => level
      }
    ]...)
  }
}

data "mlflow_experiments" "all" {
  count = var.experiments == null ? 1 : 0

  name_prefix = var.root_folder
}

resource "mlflow_experiment_permissions" "access" {
  for_each = local.experiments

  experiment_id = each.value
  groups        = local.groups[each.key]
}
