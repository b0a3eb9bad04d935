# What becomes of a broken policy. The provider is a mock: no server and no credentials are needed.
mock_provider "mlflow" {}

override_module {
  target = module.policies
  outputs = {
    violations = {
      "Everybody can manage"                       = ["/Shared/sandbox"]
      "No group is responsible"                    = []
      "Granted to a person who is not on the list" = []
      "Could not be read"                          = []
    }
  }
}

run "a_broken_policy_warns" {
  command = plan

  expect_failures = [check.not_everybody_manages]

  assert {
    condition     = keys(output.violations)[0] == "Everybody can manage" && length(output.violations) == 1
    error_message = "The violations are ${jsonencode(output.violations)}."
  }
}

run "and_fails_the_run_when_enforced" {
  command = plan

  variables {
    enforce = true
  }

  expect_failures = [check.not_everybody_manages, output.violations]
}
