# Tests the whole configuration with sample grants instead of a server. The provider is a mock; its functions are not.
mock_provider "mlflow" {}

override_module {
  target = module.read
  outputs = {
    review = {
      server = "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
      experiments = [
        { id = "1", name = "/Projects/churn", owner = "ana@example.com" },
        { id = "2", name = "/Validation/churn", owner = "eva@example.com" },
      ]
      grants = [
        {
          experiment_id = "1", experiment_name = "/Projects/churn", kind = "group", principal = "data-science", level = "CAN_EDIT"
          inherited     = true, inherited_from = ["/directories/12"], inherited_from_path = "/Projects", effective = true
        },
        {
          experiment_id = "2", experiment_name = "/Validation/churn", kind = "group", principal = "validators", level = "CAN_EDIT"
          inherited     = false, inherited_from = [], inherited_from_path = "", effective = true
        },
      ]
      unreadable = []
    }

    principals = {
      principals = [
        { kind = "group", name = "data-science", exists = true, active = true },
        { kind = "group", name = "validators", exists = true, active = true },
        { kind = "user", name = "eva@example.com", exists = true, active = true },
      ]
      members = [
        { group = "data-science", kind = "user", name = "eva@example.com", via = ["contractors"] },
        { group = "validators", kind = "user", name = "eva@example.com", via = [] },
      ]
      everybody  = []
      incomplete = []
    }
  }
}

variables {
  today = "2026-06-30"
}

run "the_first_review" {
  command = plan

  assert {
    condition     = output.changes == "This is the first review.\n" && !output.changed
    error_message = "The changes are ${output.changes}"
  }

  assert {
    condition     = output.decisions.grants == 2 && output.decisions.undecided == 2
    error_message = "The decisions are ${jsonencode(output.decisions)}."
  }

  assert {
    condition     = [for d in csvdecode("${file("decisions.csv")}${output.to_decide}") : d.principal] == ["data-science", "validators"]
    error_message = "The lines to decide are\n${output.to_decide}"
  }

  # Eva is in both groups, in one of them through a nested group.
  expect_failures = [check.every_grant_is_decided, check.separation_of_duties]
}

run "a_decided_review_without_changes" {
  command = plan

  variables {
    snapshot_file   = "tests/files/review.json"
    decisions_file  = "tests/files/decisions.csv"
    exceptions_file = "tests/files/exceptions.csv"
  }

  assert {
    condition     = output.snapshot == file("tests/files/review.json") && !output.changed
    error_message = "The snapshot is\n${output.snapshot}"
  }

  assert {
    condition     = output.decisions.approved == 2 && output.to_decide == "" && length(output.violations) == 0
    error_message = "The decisions are ${jsonencode(output.decisions)}, the violations ${jsonencode(output.violations)}."
  }

  assert {
    condition     = output.exceptions[0].until == "2026-12-31"
    error_message = "The exceptions are ${jsonencode(output.exceptions)}."
  }
}

# Spreadsheets and editors can write a byte order mark and other line breaks.
run "files_with_a_byte_order_mark" {
  command = plan

  variables {
    snapshot_file   = "tests/files/review.json"
    decisions_file  = "tests/files/decisions-with-bom.csv"
    exceptions_file = "tests/files/exceptions-with-bom.csv"
  }

  assert {
    condition     = output.decisions.approved == 2 && output.to_decide == "" && length(output.violations) == 0
    error_message = "The decisions are ${jsonencode(output.decisions)}, the violations ${jsonencode(output.violations)}."
  }
}

run "the_end_of_the_decision_and_of_the_exception" {
  command = plan

  variables {
    today           = "2027-01-01"
    snapshot_file   = "tests/files/review.json"
    decisions_file  = "tests/files/decisions.csv"
    exceptions_file = "tests/files/exceptions.csv"
  }

  assert {
    condition     = output.decisions.approved == 1 && output.decisions.expired == 1 && output.to_decide == ""
    error_message = "The decisions are ${jsonencode(output.decisions)}."
  }

  expect_failures = [check.every_grant_is_decided, check.separation_of_duties]
}

# The review includes managers of the MLflow workspace, but separation of duties ignores their rights.
run "workspace_managers" {
  command = plan

  override_module {
    target = module.read
    outputs = {
      review = {
        experiments = [{ id = "1", name = "/Projects/churn" }, { id = "2", name = "/Validation/churn" }]
        grants = [
          { experiment_id = "1", experiment_name = "/Projects/churn", kind = "user", principal = "root", level = "CAN_EDIT", inherited = false, inherited_from = [] },
          { experiment_id = "2", experiment_name = "/Validation/churn", kind = "user", principal = "root", level = "CAN_MANAGE", inherited = true, inherited_from = ["workspace"] },
        ]
        unreadable = []
      }
      principals = {
        principals = [{ kind = "user", name = "root", exists = true, active = true, admin = true }]
        members    = []
        everybody  = []
        incomplete = []
      }
    }
  }

  assert {
    condition     = output.decisions.grants == 2
    error_message = "The decisions are ${jsonencode(output.decisions)}."
  }

  expect_failures = [check.every_grant_is_decided, check.no_direct_user_grants]
}

# A violation names the experiment, not the prefix of separated duties. A group that contains a group of all users contains all users.
run "all_users_can_manage_two_experiments" {
  command = plan

  override_module {
    target = module.read
    outputs = {
      review = {
        experiments = [{ id = "1", name = "/Projects/churn" }, { id = "2", name = "/Other/churn" }]
        grants = [
          { experiment_id = "1", experiment_name = "/Projects/churn", kind = "group", principal = "users", level = "CAN_MANAGE", inherited = false, inherited_from = [] },
          { experiment_id = "2", experiment_name = "/Other/churn", kind = "group", principal = "open", level = "CAN_MANAGE", inherited = false, inherited_from = [] },
        ]
        unreadable = []
      }
      principals = {
        principals = []
        members    = [{ group = "open", kind = "group", name = "users", via = [] }]
        everybody  = ["users"]
        incomplete = []
      }
    }
  }

  assert {
    condition     = jsonencode(sort(output.violations["All users can manage"])) == jsonencode(["/Other/churn", "/Projects/churn"])
    error_message = "All users can manage ${jsonencode(output.violations["All users can manage"])}."
  }

  expect_failures = [check.every_grant_is_decided, check.all_users_cannot_manage]
}

run "a_new_and_a_raised_grant" {
  command = plan

  variables {
    snapshot_file  = "tests/files/earlier.json"
    decisions_file = "tests/files/earlier.csv"
  }

  assert {
    condition     = output.changed && strcontains(output.changes, "Changes: 1 added, 1 raised.")
    error_message = "The changes are ${output.changes}"
  }

  assert {
    condition     = output.decisions.undecided == 1 && output.decisions.stale == 1 && length(regexall("\n", output.to_decide)) == 2
    error_message = "The decisions are ${jsonencode(output.decisions)}, the lines to decide\n${output.to_decide}"
  }

  expect_failures = [check.every_grant_is_decided, check.separation_of_duties]
}
