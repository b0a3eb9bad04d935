# Tests the policies with grants that violate each of them. No provider is used.
variables {
  today        = "2026-06-30"
  everybody    = "users"
  owned_prefix = "/Shared/"
  direct_users = ["ben@example.com"]
  separated    = { "develop and validate" = ["/Projects/", "/Validation/"] }
  exceptions   = []

  review = {
    experiments = [{ name = "/Projects/churn" }, { name = "/Shared/sandbox" }, { name = "/Shared/owned" }]

    grants = [
      { experiment_name = "/Projects/churn", principal = "ana@example.com", kind = "user", level = "CAN_MANAGE", inherited = false },
      { experiment_name = "/Projects/churn", principal = "ben@example.com", kind = "user", level = "CAN_EDIT", inherited = false },
      { experiment_name = "/Projects/churn", principal = "eva@example.com", kind = "user", level = "CAN_EDIT", inherited = true },
      { experiment_name = "/Shared/owned", principal = "risk", kind = "group", level = "CAN_MANAGE", inherited = false },
      { experiment_name = "/Shared/sandbox", principal = "users", kind = "group", level = "CAN_MANAGE", inherited = true },
    ]

    unreadable = [
      { experiment_name = "/Projects/secret", experiment_kind = "workspace", reason = "permission denied" },
      { experiment_name = "/Projects/notebook", experiment_kind = "notebook", reason = "it is the experiment of a notebook" },
    ]
  }

  principals = {
    principals = [
      { kind = "user", name = "ana@example.com", exists = true, active = true },
      { kind = "user", name = "ben@example.com", exists = true, active = false },
      { kind = "user", name = "eva@example.com", exists = false, active = false },
    ]
    incomplete = [{ kind = "group", name = "risk", reason = "members are hidden" }]
  }

  access = [
    { experiment_name = "/Projects/churn", kind = "user", principal = "ana@example.com", level = "CAN_MANAGE" },
    { experiment_name = "/Projects/churn", kind = "user", principal = "ben@example.com", level = "CAN_EDIT" },
    { experiment_name = "/Projects/churn", kind = "user", principal = "eva@example.com", level = "CAN_EDIT" },
    { experiment_name = "/Validation/churn", kind = "user", principal = "ana@example.com", level = "CAN_EDIT" },
    { experiment_name = "/Validation/churn", kind = "user", principal = "ben@example.com", level = "CAN_READ" },
  ]

  decisions = {
    undecided = [{ experiment_name = "/Projects/churn", kind = "user", principal = "ana@example.com", level = "CAN_MANAGE" }]
    stale     = [{ experiment_name = "/Shared/owned", kind = "group", principal = "risk", level = "CAN_MANAGE", decided_level = "CAN_READ" }]
    expired   = [{ experiment_name = "/Projects/churn", kind = "user", principal = "ben@example.com", level = "CAN_EDIT", until = "2026-06-29" }]
    revoked = [
      { experiment_name = "/Shared/sandbox", kind = "group", principal = "users", level = "CAN_MANAGE", inherited_from = "/Shared" },
    ]
  }
}

run "each_policy_finds_its_violations" {
  command = plan

  module {
    source = "./modules/policies"
  }

  assert {
    condition = jsonencode(output.violations) == jsonencode({
      "All users can manage"     = ["/Shared/sandbox"]
      "Could not be read"        = ["/Projects/secret: permission denied", "group risk: members are hidden"]
      "Duties are not separated" = ["develop and validate: user ana@example.com"]
      "Grant is not decided" = [
        "/Projects/churn: user ana@example.com CAN_MANAGE",
        "/Shared/owned: group risk CAN_MANAGE, decided for CAN_READ",
        "/Projects/churn: user ben@example.com CAN_EDIT, decided until 2026-06-29",
      ]
      "No group can manage"              = ["/Shared/sandbox"]
      "Principal is deleted or inactive" = ["user ben@example.com: inactive", "user eva@example.com: deleted"]
      "Revoked grant still exists"       = ["/Shared/sandbox: group users CAN_MANAGE, inherited from /Shared"]
      "User has a direct grant"          = ["/Projects/churn: ana@example.com"]
    })
    error_message = "The violations are ${jsonencode(output.violations)}."
  }
}

run "all_users_are_allowed" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    direct_users = null
  }

  assert {
    condition     = length(output.violations["User has a direct grant"]) == 0
    error_message = "Without a list, the policy finds ${jsonencode(output.violations["User has a direct grant"])}."
  }
}

run "all_users_through_another_group" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    principals = {
      principals = []
      members    = [{ group = "open", kind = "group", name = "users" }]
      everybody  = ["account users", "users"]
      incomplete = []
    }
    review = {
      experiments = [{ name = "/Shared/account" }, { name = "/Shared/nested" }]
      grants = [
        { experiment_name = "/Shared/account", principal = "account users", kind = "group", level = "CAN_MANAGE", inherited = false },
        { experiment_name = "/Shared/nested", principal = "open", kind = "group", level = "CAN_MANAGE", inherited = false },
      ]
      unreadable = []
    }
  }

  assert {
    condition     = jsonencode(output.violations["All users can manage"]) == jsonencode(["/Shared/account", "/Shared/nested"])
    error_message = "All users can manage ${jsonencode(output.violations["All users can manage"])}."
  }

  assert {
    condition     = jsonencode(output.violations["No group can manage"]) == jsonencode(["/Shared/account"])
    error_message = "No group can manage ${jsonencode(output.violations["No group can manage"])}."
  }
}

run "all_users_can_edit_on_one_side" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    access = [
      { experiment_name = "/Projects/churn", kind = "user", principal = "ana@example.com", level = "CAN_EDIT" },
      { experiment_name = "/Validation/churn", kind = "group", principal = "users", level = "CAN_EDIT" },
    ]
  }

  assert {
    condition     = jsonencode(output.violations["Duties are not separated"]) == jsonencode(["develop and validate: user ana@example.com"])
    error_message = "The violations are ${jsonencode(output.violations["Duties are not separated"])}."
  }
}

run "the_default_level_of_a_server" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    review = { experiments = [{ name = "churn" }], grants = [], unreadable = [], default_level = "CAN_MANAGE" }
  }

  assert {
    condition     = jsonencode(output.violations["All users can manage"]) == jsonencode(["churn"])
    error_message = "All users can manage ${jsonencode(output.violations["All users can manage"])}."
  }
}

run "an_exception_applies_through_its_last_day" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    exceptions = [
      { policy = "User has a direct grant", violation = "/Projects/churn: ana@example.com", until = "2026-06-30", approved_by = "eva", reason = "audit" },
    ]
  }

  assert {
    condition     = length(output.violations["User has a direct grant"]) == 0 && output.accepted[0].approved_by == "eva"
    error_message = "The violations are ${jsonencode(output.violations)}, the exceptions ${jsonencode(output.accepted)}."
  }

  assert {
    condition     = length(output.found["User has a direct grant"]) == 1
    error_message = "An accepted violation is missing in ${jsonencode(output.found)}."
  }
}

run "an_exception_ends" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    today = "2026-07-01"
    exceptions = [
      { policy = "User has a direct grant", violation = "/Projects/churn: ana@example.com", until = "2026-06-30", approved_by = "eva", reason = "audit" },
    ]
  }

  assert {
    condition     = length(output.violations["User has a direct grant"]) == 1 && length(output.accepted) == 0
    error_message = "The violations are ${jsonencode(output.violations)}, the exceptions ${jsonencode(output.accepted)}."
  }
}

run "an_exception_needs_an_end_date" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    exceptions = [{ policy = "Could not be read", violation = "x", until = "", approved_by = "eva", reason = "audit" }]
  }

  expect_failures = [var.exceptions]
}

run "an_exception_needs_an_approver" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    exceptions = [{ policy = "Could not be read", violation = "x", until = "2026-12-31", approved_by = " ", reason = "audit" }]
  }

  expect_failures = [var.exceptions]
}

run "an_exception_needs_an_existing_policy" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    exceptions = [{ policy = "No such policy", violation = "x", until = "2026-12-31", approved_by = "eva", reason = "audit" }]
  }

  expect_failures = [output.found]
}
