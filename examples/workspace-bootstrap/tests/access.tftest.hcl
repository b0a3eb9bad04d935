# Levels by team: on folders, and with access = "experiments" on each experiment.
mock_provider "mlflow" {}

run "on_folders" {
  command = plan

  assert {
    condition     = length(mlflow_folder_permissions.this) == 6
    error_message = "${length(mlflow_folder_permissions.this)} lists on folders are planned."
  }

  assert {
    condition     = mlflow_folder_permissions.this["churn"].groups == tomap({ "data-science" = "CAN_EDIT", "risk" = "CAN_READ" })
    error_message = "The groups of churn are ${jsonencode(mlflow_folder_permissions.this["churn"].groups)}."
  }

  assert {
    condition     = mlflow_folder_permissions.this["churn"].users == tomap({ "ana@example.com" = "CAN_MANAGE" })
    error_message = "Only the lead manages the folder as a user."
  }

  assert {
    condition = mlflow_folder_permissions.this["platform"].service_principals == tomap({
      "6f1c2a34-5b67-4c89-9d01-23456789abcd" = "CAN_EDIT"
    })
    error_message = "The service principal must be able to log runs."
  }

  # A list on an experiment grants only what its folder does not.
  assert {
    condition     = keys(mlflow_experiment_permissions.this) == ["credit/scoring"]
    error_message = "Lists are planned on the experiments ${jsonencode(keys(mlflow_experiment_permissions.this))}."
  }

  assert {
    condition     = mlflow_experiment_permissions.this["credit/scoring"].groups == tomap({ "ml-platform" = "CAN_READ" })
    error_message = "The groups of credit/scoring are ${jsonencode(mlflow_experiment_permissions.this["credit/scoring"].groups)}."
  }
}

run "on_experiments" {
  command = plan

  variables {
    access             = "experiments"
    service_principals = {}
  }

  assert {
    condition     = length(mlflow_folder_permissions.this) == 0 && length(mlflow_experiment_permissions.this) == 12
    error_message = "An MLflow server has no folders: all 12 experiments need a list."
  }

  assert {
    condition = mlflow_experiment_permissions.this["credit/scoring"].groups == tomap({
      "risk" = "CAN_EDIT", "ml-platform" = "CAN_READ"
    })
    error_message = "The groups of credit/scoring are ${jsonencode(mlflow_experiment_permissions.this["credit/scoring"].groups)}."
  }

  assert {
    condition     = mlflow_experiment_permissions.this["churn/baseline"].users == tomap({ "ana@example.com" = "CAN_MANAGE" })
    error_message = "Only the lead manages the experiment as a user."
  }
}

run "an_unknown_access" {
  command = plan

  variables {
    access = "folder"
  }

  expect_failures = [var.access]
}
