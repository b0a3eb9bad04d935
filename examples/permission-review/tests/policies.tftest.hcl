# The policies by themselves, on grants that break each of them. No provider takes part.
variables {
  everybody    = "users"
  owned_prefix = "/Shared/"
  people       = ["ben@example.com"]

  review = {
    experiments = [{ name = "/Projects/churn" }, { name = "/Shared/sandbox" }, { name = "/Shared/owned" }]

    grants = [
      { experiment_name = "/Projects/churn", principal = "ana@example.com", kind = "user", level = "CAN_MANAGE", inherited = false, inherited_from = [] },
      { experiment_name = "/Projects/churn", principal = "ben@example.com", kind = "user", level = "CAN_EDIT", inherited = false, inherited_from = [] },
      { experiment_name = "/Shared/owned", principal = "risk", kind = "group", level = "CAN_MANAGE", inherited = false, inherited_from = [] },
      { experiment_name = "/Shared/sandbox", principal = "users", kind = "group", level = "CAN_MANAGE", inherited = true, inherited_from = ["/directories/12"] },
      { experiment_name = "/Shared/sandbox", principal = "admins", kind = "group", level = "CAN_MANAGE", inherited = true, inherited_from = ["/directories/"] },
    ]

    unreadable = [
      { experiment_name = "/Projects/secret", experiment_kind = "workspace", reason = "permission denied" },
      { experiment_name = "/Projects/notebook", experiment_kind = "notebook", reason = "it is the experiment of a notebook" },
    ]
  }
}

run "each_policy_finds_what_breaks_it" {
  command = plan

  module {
    source = "./modules/policies"
  }

  assert {
    condition = jsonencode(output.violations) == jsonencode({
      "Could not be read"                          = ["/Projects/secret: permission denied"]
      "Everybody can manage"                       = ["/Shared/sandbox"]
      "Granted to a person who is not on the list" = ["/Projects/churn: ana@example.com"]
      "No group is responsible"                    = ["/Shared/sandbox"]
    })
    error_message = "The violations are ${jsonencode(output.violations)}."
  }
}

run "anybody_is_allowed" {
  command = plan

  module {
    source = "./modules/policies"
  }

  variables {
    people = null
  }

  assert {
    condition     = length(output.violations["Granted to a person who is not on the list"]) == 0
    error_message = "Without a list, ${jsonencode(output.violations["Granted to a person who is not on the list"])} break the policy."
  }
}
