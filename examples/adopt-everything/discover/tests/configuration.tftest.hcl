# The configuration of two experiments. The tests use no provider.
variables {
  default_tags = { stage = "prod" }

  experiments = {
    "1" = {
      name        = "/Projects/Churn model"
      description = "Customers who are likely to leave."
      tags        = { team = "risk", stage = "prod", removed = "", "mlflow.ownerId" = "17" }
    }
    "2" = {
      name        = "/Projects/churn_model"
      description = null
      tags        = { "mlflow.ownerId" = "17" }
    }
  }

  grants = {
    "1" = [
      { principal = "admins", kind = "group", level = "CAN_MANAGE", inherited = false },
      { principal = "data-science", kind = "group", level = "CAN_EDIT", inherited = false },
      { principal = "risk", kind = "group", level = "CAN_READ", inherited = true },
      { principal = "ana@example.com", kind = "user", level = "CAN_MANAGE", inherited = false },
    ]
    "2" = []
  }
}

run "tags_and_grants" {
  command = plan

  module {
    source = "./modules/configuration"
  }

  # Without the server's own tags, empty tags of removed ones, and tags that default_tags applies.
  assert {
    condition     = jsonencode(output.experiments["1"].tags) == jsonencode({ team = "risk" })
    error_message = "The tags are ${jsonencode(output.experiments["1"].tags)}."
  }

  assert {
    condition     = output.experiments["2"].tags == null && output.experiments["2"].description == null
    error_message = "Missing tags and descriptions must not be declared."
  }

  # Only direct grants, without those of workspace admins.
  assert {
    condition = jsonencode(output.experiments["1"].permissions) == jsonencode({
      groups = { "data-science" = "CAN_EDIT" }, service_principals = null, users = { "ana@example.com" = "CAN_MANAGE" }
    })
    error_message = "The permissions are ${jsonencode(output.experiments["1"].permissions)}."
  }

  # Both names result in the same resource name, so the ID is appended.
  assert {
    condition     = length(regexall("mlflow_experiment.e_projects_churn_model_1\n  id = \"1\"", output.import_blocks)) == 1
    error_message = output.import_blocks
  }

  assert {
    condition     = length(regexall("import {", output.import_blocks)) == 4
    error_message = output.import_blocks
  }
}

run "without_permissions" {
  command = plan

  module {
    source = "./modules/configuration"
  }

  variables {
    grants = null
  }

  assert {
    condition     = output.experiments["1"].permissions == null
    error_message = "Permissions that were not read are declared."
  }

  assert {
    condition     = length(regexall("import {", output.import_blocks)) == 2
    error_message = output.import_blocks
  }
}
