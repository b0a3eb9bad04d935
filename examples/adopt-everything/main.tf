locals {
  # Written by discover/, from then on yours: what differs from it on the server shows up in the plan.
  experiments = jsondecode(file("${path.module}/experiments.json"))

  # For for_each, small maps: Terraform goes through all of the map once for each instance.
  names  = { for id, e in local.experiments : id => e.name }
  shared = { for id, e in local.experiments : id => e.name if e.permissions != null }
}

resource "mlflow_experiment" "this" {
  for_each = local.names

  name        = each.value
  description = local.experiments[each.key].description
  tags        = local.experiments[each.key].tags
}

resource "mlflow_experiment_permissions" "this" {
  for_each = local.shared

  experiment_id      = mlflow_experiment.this[each.key].id
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
  for_each = local.shared
  to       = mlflow_experiment_permissions.this[each.key]
  id       = each.key
}
