resource "mlflow_workspace" "this" {
  for_each = local.teams

  name            = each.key
  description     = each.value.description
  deletion_policy = var.workspace_deletion_policy
}

resource "mlflow_user" "this" {
  for_each = local.users

  username            = each.key
  password_wo         = var.initial_passwords[each.key]
  password_wo_version = var.password_version
}

resource "mlflow_role" "this" {
  for_each = local.roles

  workspace = mlflow_workspace.this[each.value.workspace].name
  name      = each.value.name
  grants    = local.role_grants[each.value.name]
}

resource "mlflow_role_members" "this" {
  for_each = local.roles

  workspace = mlflow_role.this[each.key].workspace
  role      = mlflow_role.this[each.key].name
  users     = [for username in each.value.members : mlflow_user.this[username].username]
}

resource "mlflow_experiment" "this" {
  for_each = local.experiments

  workspace  = mlflow_workspace.this[each.value.workspace].name
  name       = each.value.name
  tags       = { team = each.value.workspace }
  if_deleted = "restore" # a deleted experiment reserves its name
}

# The roles grant the team access to all its experiments. This resource also removes grants that are not declared.
resource "mlflow_experiment_permissions" "this" {
  for_each = local.experiments

  workspace     = mlflow_workspace.this[each.value.workspace].name
  experiment_id = local.ids[each.key]
  users         = { (mlflow_user.this[each.value.lead].username) = "CAN_MANAGE" }
}
