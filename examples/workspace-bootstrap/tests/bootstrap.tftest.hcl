# The provider is a mock: no server and no credentials are needed, and nothing is made.
mock_provider "mlflow" {}

run "experiments" {
  command = plan

  assert {
    condition     = length(mlflow_experiment.this) == 12
    error_message = "${length(mlflow_experiment.this)} experiments are planned."
  }

  assert {
    condition     = alltrue([for key, e in mlflow_experiment.this : e.name == "/Projects/${key}"])
    error_message = "Not every experiment is named by its key, below the root folder."
  }

  assert {
    condition     = alltrue([for e in mlflow_experiment.this : contains(keys(local.teams), e.tags.team)])
    error_message = "An experiment has the tag of a team that nobody leads."
  }

  assert {
    condition     = alltrue([for e in mlflow_experiment.this : e.deletion_policy == "delete_if_empty"])
    error_message = "Destroying must not take runs with it."
  }

  assert {
    condition     = length(output.ids) == 12 && length(output.links) == 12
    error_message = "The code that logs runs needs every id."
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
    condition     = alltrue([for e in mlflow_experiment.this : e.deletion_policy == "prevent"])
    error_message = "The deletion policy does not reach every experiment."
  }
}

run "a_folder_with_a_slash_at_its_end" {
  command = plan

  variables {
    root_folder = "/Projects/"
  }

  expect_failures = [var.root_folder]
}
