locals {
  # Written by discover/, from then on yours: what differs from it on the server shows up in the plan.
  experiments = jsondecode(file("${path.module}/experiments.json"))

  # Experiments whose permissions were looked at.
  shared = { for id, e in local.experiments : id => e if e.grants != null }
}

resource "mlflow_experiment" "this" {
  for_each = local.experiments

  name        = each.value.name
  description = each.value.description
  tags        = length(each.value.tags) > 0 ? each.value.tags : null
}

resource "mlflow_experiment_permissions" "this" {
  for_each = local.shared

  experiment_id      = mlflow_experiment.this[each.key].id
  groups             = length(each.value.grants.group) > 0 ? each.value.grants.group : null
  users              = length(each.value.grants.user) > 0 ? each.value.grants.user : null
  service_principals = length(each.value.grants.service_principal) > 0 ? each.value.grants.service_principal : null
}

import {
  for_each = local.experiments
  to       = mlflow_experiment.this[each.key]
  id       = each.key
}

import {
  for_each = local.shared
  to       = mlflow_experiment_permissions.this[each.key]
  id       = each.key
}
