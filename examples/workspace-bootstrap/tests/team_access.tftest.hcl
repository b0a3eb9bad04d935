# The module by itself. It is given what the root module would give it.
mock_provider "mlflow" {}

run "levels" {
  command = plan

  module {
    source = "./modules/team-access"
  }

  variables {
    experiment_id      = "1280664374380606"
    team               = "data-science"
    lead               = "ana@example.com"
    readers            = ["risk", "data-science"]
    service_principals = ["6f1c2a34-5b67-4c89-9d01-23456789abcd"]
  }

  # A team that is also among the readers keeps its own level.
  assert {
    condition     = mlflow_experiment_permissions.this.groups == tomap({ "data-science" = "CAN_EDIT", "risk" = "CAN_READ" })
    error_message = "The groups get ${jsonencode(mlflow_experiment_permissions.this.groups)}."
  }

  assert {
    condition     = mlflow_experiment_permissions.this.users == tomap({ "ana@example.com" = "CAN_MANAGE" })
    error_message = "The lead, and nobody else, manages the experiment in person."
  }

  assert {
    condition     = mlflow_experiment_permissions.this.service_principals == tomap({ "6f1c2a34-5b67-4c89-9d01-23456789abcd" = "CAN_EDIT" })
    error_message = "A service principal has to be able to log runs."
  }
}
