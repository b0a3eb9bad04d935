# The mock provider needs no server and no credentials.
mock_provider "mlflow" {}

variables {
  experiments = {
    "/Projects/churn/baseline" = "1"
    "/Projects/credit/scoring" = "2"
    "/Projects-old/churn"      = "3"
  }
}

run "levels" {
  command = plan

  # A folder whose name only starts with that of a declared folder does not match.
  assert {
    condition     = toset(keys(mlflow_experiment_permissions.access)) == toset(["/Projects/churn/baseline", "/Projects/credit/scoring"])
    error_message = "Permissions are planned for ${jsonencode(keys(mlflow_experiment_permissions.access))}."
  }

  # Two rules match data-science. The higher level applies.
  assert {
    condition = mlflow_experiment_permissions.access["/Projects/churn/baseline"].groups == tomap({
      "data-science" = "CAN_EDIT", "risk" = "CAN_READ", "ml-platform" = "CAN_MANAGE"
    })
    error_message = "On churn/baseline: ${jsonencode(mlflow_experiment_permissions.access["/Projects/churn/baseline"].groups)}."
  }

  assert {
    condition     = mlflow_experiment_permissions.access["/Projects/credit/scoring"].groups["risk"] == "CAN_MANAGE"
    error_message = "risk must have CAN_MANAGE on the credit experiments."
  }
}

run "folders" {
  command = plan

  assert {
    condition     = alltrue([for rule in local.rules : substr(rule.folder, -1, 1) == "/"])
    error_message = "Folders must end with a slash, so that they do not match folders whose names start with the same text."
  }
}
