data "mlflow_permission_review" "all" {
  name_prefix = var.name_prefix
}

# What is allowed and what is not, apart from the server, so that it can be tested without one.
module "policies" {
  source = "./modules/policies"

  review       = data.mlflow_permission_review.all
  everybody    = var.everybody
  owned_prefix = var.owned_prefix
  people       = var.people
}

locals {
  violations = module.policies.violations

  # The pages leave out admins, who may do everything everywhere.
  grants = [for g in data.mlflow_permission_review.all.grants : g if g.principal != "admins" && !contains(g.inherited_from, "admin")]
  page   = merge(data.mlflow_permission_review.all, { grants = local.grants })
}

# A check warns, and lets the run go on: the pages are for looking at what it found.
check "not_everybody_manages" {
  assert {
    condition     = length(local.violations["Everybody can manage"]) == 0
    error_message = "Members of \"${var.everybody}\" hold CAN_MANAGE on:\n${join("\n", local.violations["Everybody can manage"])}"
  }
}

check "a_group_is_responsible" {
  assert {
    condition     = length(local.violations["No group is responsible"]) == 0
    error_message = "No group holds CAN_MANAGE on:\n${join("\n", local.violations["No group is responsible"])}"
  }
}

check "people_on_the_list" {
  assert {
    condition     = length(local.violations["Granted to a person who is not on the list"]) == 0
    error_message = "Grant to a group instead:\n${join("\n", local.violations["Granted to a person who is not on the list"])}"
  }
}

check "everything_was_read" {
  assert {
    condition     = length(local.violations["Could not be read"]) == 0
    error_message = "Nothing is known about:\n${join("\n", local.violations["Could not be read"])}"
  }
}
