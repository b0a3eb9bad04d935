data "mlflow_permission_review" "all" {
  name_prefix = var.name_prefix
}

locals {
  review = data.mlflow_permission_review.all

  # Admins may do everything everywhere. They are left out of the pages, so that what was granted to the others can be seen.
  grants = [for g in local.review.grants : g if g.principal != "admins" && !contains(g.inherited_from, "admin")]
  page   = merge(local.review, { grants = local.grants })

  # Experiments that some group is responsible for.
  owned = distinct([
    for g in local.grants : g.experiment_name
    if g.kind == "group" && g.level == "CAN_MANAGE" && g.principal != var.everybody
  ])

  # The policies. Each lists what breaks it; all are fulfilled when all lists are empty.
  violations = {
    "Everybody can manage" = distinct([
      for g in local.grants : g.experiment_name
      if g.kind == "group" && g.level == "CAN_MANAGE" && g.principal == var.everybody
    ])
    "No group is responsible" = [
      for e in local.review.experiments : e.name
      if startswith(e.name, var.owned_prefix) && !contains(local.owned, e.name)
    ]
    "Granted to a person who is not on the list" = [
      for g in local.grants : "${g.experiment_name}: ${g.principal}"
      if g.kind == "user" && !g.inherited && !contains(coalesce(var.people, [g.principal]), g.principal)
    ]
    # Experiments of notebooks have the permissions of the notebook, and are reviewed there.
    "Could not be read" = [
      for u in local.review.unreadable : "${u.experiment_name}: ${u.reason}"
      if u.experiment_kind == "workspace"
    ]
  }
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
