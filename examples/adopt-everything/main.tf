locals {
  # Written by discover/. From then on, this file is the configuration: the plan shows every difference from the server.
  experiments = jsondecode(file("${path.module}/experiments.json"))

  # Small maps for for_each, because Terraform evaluates the whole map for each instance.
  names = { for id, e in local.experiments : id => e.name }
  lists = { for id, e in local.experiments : id => e.name if e.permissions != null }

  ids = { for key, experiment in mlflow_experiment.this : key => experiment.id }
}

resource "mlflow_experiment" "this" {
  for_each = local.names

  name        = each.value
  description = local.experiments[each.key].description
  tags        = local.experiments[each.key].tags
}

resource "mlflow_experiment_permissions" "this" {
  for_each = local.lists

  experiment_id      = local.ids[each.key]
  groups             = local.experiments[each.key].permissions.groups
  users              = local.experiments[each.key].permissions.users
  service_principals = local.experiments[each.key].permissions.service_principals
}

import {
  for_each = local.names
  to       = mlflow_experiment.this[each.key]
  id       = each.key
}

import {
  for_each = local.lists
  to       = mlflow_experiment_permissions.this[each.key]
  id       = each.key
}
