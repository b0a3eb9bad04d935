locals {
  # One folder per team.
  teams = {
    "retail" = { editors = "data-science", lead = "ana@example.com" }
    "credit" = { editors = "risk", lead = "ben@example.com" }
  }
}

resource "mlflow_folder_permissions" "team" {
  for_each = local.teams

  path           = "/Projects/${each.key}"
  create_parents = true

  groups = {
    (each.value.editors) = "CAN_EDIT"
    "ml-platform"        = "CAN_RUN"
  }

  users = {
    (each.value.lead) = "CAN_MANAGE"
  }

  # Application IDs, not display names.
  service_principals = {
    "6f1c2a34-5b67-4c89-9d01-23456789abcd" = "CAN_EDIT"
  }

  # The identity that runs Terraform keeps CAN_MANAGE if no other grant provides it. This is the default.
  keep_caller_access = true
}
