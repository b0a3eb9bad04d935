# The provider is a mock: no server and no credentials are needed, and nothing is changed.
mock_provider "mlflow" {}

variables {
  experiments = {
    "/Projects/churn/baseline" = "1"
    "/Projects/credit/scoring" = "2"
    "/Projects-old/churn"      = "3"
  }
}

run "who_gets_what" {
  command = plan

  # Not the one in a folder whose name only begins alike.
  assert {
    condition     = toset(keys(mlflow_experiment_permissions.access)) == toset(["/Projects/churn/baseline", "/Projects/credit/scoring"])
    error_message = "Permissions are planned for ${jsonencode(keys(mlflow_experiment_permissions.access))}."
  }

  # Two rules fit data-science, and the higher one counts.
  assert {
    condition = mlflow_experiment_permissions.access["/Projects/churn/baseline"].groups == tomap({
      "data-science" = "CAN_EDIT", "risk" = "CAN_READ", "ml-platform" = "CAN_MANAGE"
    })
    error_message = "On churn/baseline: ${jsonencode(mlflow_experiment_permissions.access["/Projects/churn/baseline"].groups)}."
  }

  assert {
    condition     = mlflow_experiment_permissions.access["/Projects/credit/scoring"].groups["risk"] == "CAN_MANAGE"
    error_message = "risk answers for credit, and has to be able to manage it."
  }
}

run "folders" {
  command = plan

  assert {
    condition     = alltrue([for rule in local.rules : substr(rule.folder, -1, 1) == "/"])
    error_message = "Without a slash at its end, a folder also stands for others whose names begin alike."
  }
}
