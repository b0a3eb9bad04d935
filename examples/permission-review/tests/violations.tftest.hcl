# Tests the effect of a violation. The provider is a mock: no server and no credentials are needed. OpenTofu 1.12 also applies the overrides
# of a file to the files after it, so this file must be the last one by name.
mock_provider "mlflow" {}

variables {
  today = "2026-06-30"
}

override_module {
  target = module.read
  outputs = {
    review     = { grants = [], experiments = [], unreadable = [] }
    principals = { principals = [], members = [], everybody = [], incomplete = [] }
  }
}

override_module {
  target = module.policies
  outputs = {
    violations = {
      "All users can manage"             = ["/Shared/sandbox"]
      "Could not be read"                = []
      "Duties are not separated"         = []
      "Grant is not decided"             = []
      "No group can manage"              = []
      "Principal is deleted or inactive" = []
      "Revoked grant still exists"       = []
      "User has a direct grant"          = []
    }
    found    = { "Revoked grant still exists" = [] }
    accepted = []
  }
}

run "a_violation_warns" {
  command = plan

  expect_failures = [check.all_users_cannot_manage]

  assert {
    condition     = keys(output.violations)[0] == "All users can manage" && length(output.violations) == 1
    error_message = "The violations are ${jsonencode(output.violations)}."
  }
}

run "a_violation_fails_an_enforced_run" {
  command = plan

  variables {
    enforce = true
  }

  expect_failures = [check.all_users_cannot_manage, output.violations]
}

run "the_date_is_checked" {
  command = plan

  variables {
    today = "30.06.2026"
  }

  expect_failures = [var.today]
}
