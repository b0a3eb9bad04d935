# The provider is a mock: the tests need no server and no credentials, and create nothing.
mock_provider "mlflow" {
  mock_resource "mlflow_experiment" {
    defaults = {
      id = "1280664374380606"
    }
  }
}

run "defaults" {
  command = plan

  assert {
    condition     = toset([for e in mlflow_experiment.this : e.name]) == toset(["/Projects/retail/churn", "/Projects/retail/demand"])
    error_message = "The experiments are ${jsonencode([for e in mlflow_experiment.this : e.name])}."
  }

  # Both experiments, both users.
  assert {
    condition     = length(mlflow_experiment_permission.this) == 4
    error_message = "${length(mlflow_experiment_permission.this)} grants are planned."
  }

  assert {
    condition     = mlflow_experiment_permission.this["churn/ben@example.com"].permission_level == "CAN_READ"
    error_message = "Ben has ${mlflow_experiment_permission.this["churn/ben@example.com"].permission_level} on churn."
  }

  # On an MLflow server, a deleted experiment reserves its name. Without if_deleted, an apply after a destroy fails.
  assert {
    condition     = alltrue([for e in mlflow_experiment.this : e.if_deleted == "restore"])
    error_message = "A deleted experiment would not be restored."
  }
}

run "a_server_without_users" {
  command = plan

  variables {
    name_prefix = ""
    users       = {}
  }

  assert {
    condition     = length(mlflow_experiment_permission.this) == 0
    error_message = "A permission is granted on a server without users."
  }

  assert {
    condition     = mlflow_experiment.this["churn"].name == "churn"
    error_message = "The name is ${mlflow_experiment.this["churn"].name}."
  }
}
