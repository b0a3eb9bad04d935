locals {
  members = {
    lending   = ["ana", "ben"]
    insurance = ["carla"]
  }
}

resource "mlflow_role" "department" {
  for_each = local.members
  name     = each.key
  grants   = { "workspace/*" = "USE", "experiment/*" = "EDIT" }
}

resource "mlflow_role_members" "department" {
  for_each = mlflow_role.department
  role     = each.value.name
  users    = local.members[each.key]
}
