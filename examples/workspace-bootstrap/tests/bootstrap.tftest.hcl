# The provider is a mock: the tests need no server and no credentials, and create nothing.
mock_provider "mlflow" {}

run "experiments" {
  command = plan

  assert {
    condition     = length(mlflow_experiment.this) == 12
    error_message = "${length(mlflow_experiment.this)} experiments are planned."
  }

  assert {
    condition     = alltrue([for key, e in mlflow_experiment.this : e.name == "/Projects/${key}"])
    error_message = "An experiment is not named after its key, in the root folder."
  }

  assert {
    condition     = alltrue([for e in mlflow_experiment.this : contains(keys(local.teams), e.tags.team)])
    error_message = "An experiment has the tag of an unknown team."
  }

  assert {
    condition     = alltrue([for e in mlflow_experiment.this : e.deletion_policy == "delete_if_empty"])
    error_message = "Destroy must not delete runs."
  }

  assert {
    condition     = length(output.ids) == 12 && length(output.links) == 12
    error_message = "The code that logs runs needs all IDs."
  }
}

run "another_environment" {
  command = plan

  variables {
    root_folder     = "/Sandbox/ml"
    deletion_policy = "prevent"
  }

  assert {
    condition     = mlflow_experiment.this["churn/baseline"].name == "/Sandbox/ml/churn/baseline"
    error_message = "The name is ${mlflow_experiment.this["churn/baseline"].name}."
  }

  assert {
    condition     = mlflow_folder_permissions.this["churn"].path == "/Sandbox/ml/churn"
    error_message = "The path is ${mlflow_folder_permissions.this["churn"].path}."
  }

  assert {
    condition     = alltrue([for e in mlflow_experiment.this : e.deletion_policy == "prevent"])
    error_message = "The deletion policy is not set on all experiments."
  }
}

run "a_folder_with_a_trailing_slash" {
  command = plan

  variables {
    root_folder = "/Projects/"
  }

  expect_failures = [var.root_folder]
}
